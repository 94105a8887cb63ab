using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Server.Hosting;

/// <summary>
/// NAME or NAME:PORT, as in the "host" line of login_duo.conf. Clients cut it at the first colon, so no IPv6.
/// </summary>
internal sealed record PublicHost(string Name, int Port)
{
    private const int HttpsPort = 443;
    private const int LongestName = 253; // RFC 1035 section 2.3.4, as text

    /// <summary>Null where it is a name.</summary>
    public IPAddress? Address => AddressOf(Name);

    public static bool TryParse(string text, [NotNullWhen(true)] out PublicHost? host)
    {
        string[] parts = text.Split(':');
        int port = HttpsPort;
        bool valid = parts.Length <= 2 && IsName(parts[0]) && (parts.Length == 1
            || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out port)
                && port is > 0 and <= IPEndPoint.MaxPort));
        host = valid ? new PublicHost(parts[0], port) : null;
        return valid;
    }

    /// <summary>As hosts write it.</summary>
    public override string ToString() => Port == HttpsPort ? Name : $"{Name}:{Port}";

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName
        && name.Split('.').All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
            && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        && (!name.All(c => char.IsAsciiDigit(c) || c == '.') || AddressOf(name) is not null);

    // Written back it is the same word: 127.1 and 010.0.0.5 mean different addresses to different programs.
    private static IPAddress? AddressOf(string name) =>
        IPAddress.TryParse(name, out IPAddress? address) && address.AddressFamily is AddressFamily.InterNetwork
        && address.ToString() == name
            ? address
            : null;
}
