using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>The whole server on loopback, with a certificate of its private CA, in a data folder of its own.</summary>
internal sealed class HostedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HostedServer(ServerSettings settings, WebApplication app) => (Settings, _app) = (settings, app);

    public ServerSettings Settings { get; }

    public IServiceProvider Services => _app.Services;

    public X509Certificate2 Ca => X509Certificate2.CreateFromPem(File.ReadAllText(new LeafFiles(Settings).Ca));

    public int Port => new Uri(Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    /// <summary>The folder is somebody else's, and stays.</summary>
    private bool Borrowed { get; init; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<HostedServer> StartAsync(
        Func<ServerSettings, ServerSettings>? change = null,
        TimeProvider? clock = null,
        Action<WebApplication>? map = null,
        bool borrowed = false,
        Action<IServiceCollection>? replace = null,
        Dictionary<EndPoint, Socket>? held = null)
    {
        var settings = new ServerSettings
        {
            DataFolder = borrowed ? "" : Directory.CreateTempSubdirectory("sallyport-hosted-").FullName,
            PublicHost = new PublicHost("Auth.example.com", 443),
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
        };
        settings = change?.Invoke(settings) ?? settings;
        WebApplication app = ServerApplication.Build(settings, services =>
        {
            if (clock is not null)
            {
                services.AddSingleton(clock);
            }

            replace?.Invoke(services);
        });
        map?.Invoke(app);
        await app.Services.GetRequiredService<Database>().OpenAsync(Stop);
        if (held is not null)
        {
            app.Services.GetRequiredService<ListenSockets>().Bind(held);
        }

        await app.StartAsync(Stop);
        return new HostedServer(settings, app) { Borrowed = borrowed };
    }

    /// <summary>A connection as a host's client makes it: name checked, chain up to our CA only.</summary>
    public async Task<SslStream> ConnectAsync(Stream? through = null, DateTimeOffset? now = null)
    {
        if (through is null)
        {
            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(IPAddress.Loopback, Port, Stop);
            through = client.GetStream();
        }

        var tls = new SslStream(through);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = Settings.PublicHost.Name,
            CertificateChainPolicy = Trust(now),
        }, Stop);
        return tls;
    }

    /// <summary>One request; the connection is closed after it.</summary>
    public async Task<string> AskAsync(string head, byte[]? body = null)
    {
        await using SslStream tls = await ConnectAsync();
        await tls.WriteAsync(Encoding.ASCII.GetBytes(head), Stop);
        await tls.WriteAsync(body ?? [], Stop);
        using var reader = new StreamReader(tls, Encoding.Latin1);
        return await reader.ReadToEndAsync(Stop);
    }

    public Task<string> GetAsync(string target, string headers = "") =>
        AskAsync($"GET {target} HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n{headers}\r\n");

    public Task StopAsync() => _app.StopAsync(Stop);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        if (!Borrowed)
        {
            Directory.Delete(Settings.DataFolder, recursive: true);
        }
    }

    public X509ChainPolicy Trust(DateTimeOffset? now = null)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(Ca);
        if (now is DateTimeOffset then)
        {
            policy.VerificationTime = then.UtcDateTime;
        }

        return policy;
    }
}
