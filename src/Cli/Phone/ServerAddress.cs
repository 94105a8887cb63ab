using System.Globalization;

namespace Sallyport.Cli.Phone;

/// <summary>NAME or NAME:PORT of a server, as its public host is written: to the letter, for proofs name it.</summary>
internal static class ServerAddress
{
    private const int LongestName = 253; // RFC 1035 section 2.3.4, as text
    private const string UsualPort = ":443";

    /// <summary>Without the usual port, which is how the server writes itself; null: it is none.</summary>
    public static string? Of(string text)
    {
        string address = text.EndsWith(UsualPort, StringComparison.Ordinal) ? text[..^UsualPort.Length] : text;
        return IsOne(address) ? address : null;
    }

    public static bool IsOne(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length <= 2 && parts[0].Length is > 0 and <= LongestName
            && parts[0].Split('.').All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
                && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            && (parts.Length == 1
                || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
                    && port is > 0 and <= 65_535));
    }
}
