using System.Diagnostics;
using System.Net.Security;
using System.Text;

namespace Sallyport.Bench;

/// <summary>
/// Asks as the C clients do from 2.1.0 on, which no distribution here has: a ping first, each header in a TLS record of
/// its own, and Nagle's algorithm left on.
/// </summary>
internal static class PieceWriter
{
    /// <summary>From connecting to the answer that allows, in milliseconds.</summary>
    public static double LogIn(ServerProcess server, Site site)
    {
        Login login = Load.Prepare(site, server.Port, user: 0, counter: 0, source: 0); // 10.0.0.0 is trusted
        byte[] buffer = new byte[4096];
        long begin = Stopwatch.GetTimestamp();
        using SslStream tls = server.Connect(noDelay: false);
        Write(tls, Encoding.ASCII.GetBytes($"GET /auth/v2/ping? HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\n"
            + "User-Agent: login_duo/2.2.3 (x86_64-pc-linux-gnu) libduo/2.2.3\r\n\r\n"));
        Load.Read(tls, buffer, "\"time\":"u8);
        Write(tls, login.Preauth);
        Load.Read(tls, buffer, "\"result\":\"allow\""u8);
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    private static void Write(SslStream tls, ReadOnlySpan<byte> request)
    {
        while (request.Length > 0)
        {
            int end = request.IndexOf("\r\n"u8);
            int length = end < 0 ? request.Length : end + 2;
            tls.Write(request[..length]);
            request = request[length..];
        }
    }
}
