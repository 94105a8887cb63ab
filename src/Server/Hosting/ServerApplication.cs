using System.Diagnostics;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Phone;

namespace Sallyport.Server.Hosting;

/// <summary>The web application: what listens, and what answers where.</summary>
internal static class ServerApplication
{
    /// <param name="replace">For a test: what takes the place of a service, such as the clock.</param>
    /// <exception cref="SettingsException">It cannot start with these settings.</exception>
    public static WebApplication Build(ServerSettings settings, Action<IServiceCollection>? replace = null)
    {
        DataFolder.Open(settings.DataFolder);

        // Empty: no appsettings.json and no environment variable says where it listens or whom it trusts.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSallyportServer(settings);
        builder.Services.AddHostedService(services => services.GetRequiredService<MetricsEndpoint>());
        builder.Services.AddRoutingCore();
        OpenTelemetrySettings.Apply(builder.Services, settings);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(8)); // the unit gives 10
        LogSettings.Apply(builder.Logging, settings);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => KestrelSettings.Apply(kestrel, settings));
        builder.Services.AddOptions<SocketTransportOptions>().Configure<ListenSockets>(
            (transport, sockets) => transport.CreateBoundListenSocket = sockets.Take);
        replace?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.Services.GetRequiredService<ServerCertificates>().Load();
        RequestMeter meter = app.Services.GetRequiredService<RequestMeter>();
        app.Use(next => context => meter.MeasureAsync(context, next));
        app.Services.GetRequiredService<DiagnosticListener>().Subscribe(
            app.Services.GetRequiredService<UnreadableRequests>(), name => name == UnreadableRequests.Event);
        app.UseClientAddress(settings);
        app.MapHealth();
        app.MapPortal();
        app.MapPhone();
        app.MapDuoApi();

        // What the start needed and nobody needs again goes back to the machine.
        app.Lifetime.ApplicationStarted.Register(
            () => GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        return app;
    }
}
