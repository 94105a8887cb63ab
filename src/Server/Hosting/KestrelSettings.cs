using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Sallyport.Server.DuoApi;

namespace Sallyport.Server.Hosting;

/// <summary>How the web server treats connections, and what it does not put up with.</summary>
internal static class KestrelSettings
{
    public const int LongestBody = 64 * 1024;

    // Above what ConnectionLimit lets in, which closes idle ones for others: for trusted proxies, which it does not count.
    private const int MostConnections = 2 * ConnectionLimit.InAll;

    public static void Apply(KestrelServerOptions kestrel, ServerSettings settings)
    {
        kestrel.AddServerHeader = false;

        // A client holds its connection while somebody looks for a passcode; facts of its side say 300 s and more.
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(330);
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MaxRequestBodySize = LongestBody;

        // Twice what IncomingRequest takes: what is not far above that still gets an answer in the envelope.
        kestrel.Limits.MaxRequestHeadersTotalSize = 2 * IncomingRequest.MostHeaderBytes;
        kestrel.Limits.MaxRequestLineSize = 2 * IncomingRequest.LongestTarget;
        kestrel.Limits.MaxRequestHeaderCount = 2 * IncomingRequest.MostHeaders;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;

        ServerCertificates certificates = kestrel.ApplicationServices.GetRequiredService<ServerCertificates>();
        ConnectionLimit limit = kestrel.ApplicationServices.GetRequiredService<ConnectionLimit>();
        foreach (IPEndPoint endpoint in settings.Endpoints)
        {
            kestrel.Listen(endpoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http1; // no client of ours speaks another
                listen.Use(limit.Below);
                if (settings.QuickAck)
                {
                    listen.Use(QuickAck.Below);
                }

                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(certificates.Current),
                    HandshakeTimeout = TimeSpan.FromSeconds(10),
                });
            });
        }
    }
}
