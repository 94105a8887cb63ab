using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

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
        builder.Services.AddRoutingCore();
        builder.Logging.AddConsole();
        replace?.Invoke(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, settings));

        WebApplication app = builder.Build();
        app.Services.GetRequiredService<ServerCertificates>().Load();
        app.MapGet("/healthz", () => TypedResults.Text("ok\n"));
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ServerSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(330);
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MaxRequestBodySize = 64 * 1024;
        foreach (IPEndPoint endpoint in settings.Endpoints)
        {
            kestrel.Listen(endpoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                ServerCertificates certificates = kestrel.ApplicationServices.GetRequiredService<ServerCertificates>();
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(certificates.Current),
                });
            });
        }
    }
}
