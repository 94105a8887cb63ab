using System.Globalization;
using System.Text;

namespace Sallyport.Host.Duo;

/// <summary>CONNECT (RFC 9110 section 9.3.6), in the version that Duo's clients ask proxies for.</summary>
internal static class ProxyTunnel
{
    private const int LargestHead = 4096;

    /// <exception cref="DuoException">The proxy says no, or nothing that counts.</exception>
    /// <exception cref="IOException">The connection is at its end.</exception>
    public static void Open(Wire wire, DuoSettings settings, string userAgent)
    {
        string credentials = settings.Proxy!.Credentials is string secret
            ? $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.Latin1.GetBytes(secret))}\r\n"
            : "";
        wire.Write(Encoding.Latin1.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"CONNECT {settings.Host}:{settings.Port} HTTP/1.0\r\nUser-Agent: {userAgent}\r\n{credentials}\r\n")));

        string head = Head(wire);
        string status = head.Split('\r')[0];
        string code = (status.StartsWith("HTTP/1.0 ", StringComparison.Ordinal)
            || status.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) ? status.Split(' ')[1] : "";
        if (code != "200")
        {
            throw new DuoException(
                code is ['5', _, _] ? DuoFailure.Unreachable : DuoFailure.Refused, // 502: the server is not there
                $"Couldn't connect to {settings.Place}: Proxy error: {Protocol.Duo.DuoText.Line(status)}");
        }
    }

    private static string Head(Wire wire)
    {
        StringBuilder head = new();
        Span<byte> next = stackalloc byte[1]; // what follows belongs to TLS
        while (head.Length < LargestHead)
        {
            if (wire.Read(next) == 0)
            {
                throw new EndOfStreamException("Proxy connection error");
            }

            head.Append((char)next[0]);
            if (next[0] == '\n' && head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
            {
                return head.ToString();
            }
        }

        return ""; // without an end, whatever it begins with
    }
}
