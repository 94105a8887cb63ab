using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>Takes whatever is sent to it, and remembers it and to which path.</summary>
internal sealed class TestCollector : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly WebApplication _app;

    public TestCollector()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(async context =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            _bodies.Enqueue(body.ToArray());
            _asked.Enqueue(context.Request.Path.Value!);
            context.Response.StatusCode = StatusCodes.Status200OK;
        });
    }

    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>All bodies, each byte a character: in protobuf a text is its UTF-8.</summary>
    public string Bodies => string.Join('\n', _bodies.Select(System.Text.Encoding.Latin1.GetString));

    public Uri Address => new(_app.Urls.Single());

    public Task StartAsync() => _app.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
