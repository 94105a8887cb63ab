using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Sallyport.Server.Hosting;

/// <summary>
/// GET /metrics on a loopback port of its own, without TLS: a web server of its own, so that nothing else is answered
/// there, and it is not answered where hosts ask.
/// </summary>
internal sealed class MetricsEndpoint(ServerSettings settings, Measurements measurements, ListenSockets sockets)
    : IHostedService, IAsyncDisposable
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private WebApplication? _app;

    public int? Port => _app?.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()?.Addresses.Select(address => new Uri(address).Port).First();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.Metrics is not IPEndPoint endpoint)
        {
            return;
        }

        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<SocketTransportOptions>(
            transport => transport.CreateBoundListenSocket = sockets.Take);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 16;
            kestrel.Listen(endpoint);
        });
        _app = builder.Build();
        _app.MapGet("/metrics", () => TypedResults.Text(measurements.Write(), ContentType));
        await _app.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}
