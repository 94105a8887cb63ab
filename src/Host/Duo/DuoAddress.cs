using System.Globalization;

namespace Sallyport.Host.Duo;

/// <summary><c>name</c> or <c>name:port</c>, where a name is one of DNS or an IPv4 address.</summary>
internal static class DuoAddress
{
    private const int LongestName = 253; // RFC 1035 section 2.3.4, as text

    /// <summary>What goes into a request line and a header has to be a name and nothing else.</summary>
    public static bool TryParse(string text, int usualPort, out string host, out int port)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        host = colon < 0 ? text : text[..colon];
        port = usualPort;
        bool named = host.Length is > 0 and <= LongestName
            && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
        return named && (colon < 0
            || (int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
                && port is > 0 and <= ushort.MaxValue));
    }
}
