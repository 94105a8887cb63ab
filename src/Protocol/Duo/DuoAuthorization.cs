using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// The Authorization header of a request (RFC 7617): <c>Basic</c> and the base64 of integration key, colon and HMAC.
/// Each pair has exactly one text, so that <see cref="HexMac"/> can tell a request that comes again.
/// </summary>
public sealed class DuoAuthorization
{
    /// <summary>The characters of an integration key: A to Z and 0 to 9.</summary>
    public const int IntegrationKeyLength = 20;

    /// <summary>The most characters of the header.</summary>
    public const int MaxLength = 512;

    private const string Scheme = "Basic ";

    private static readonly SearchValues<byte> KeyCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"u8);

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    private readonly byte[] _hexMac;

    private DuoAuthorization(string integrationKey, byte[] hexMac) =>
        (IntegrationKey, _hexMac) = (integrationKey, hexMac);

    /// <summary>Whose secret key to verify with: 20 characters, A to Z and 0 to 9.</summary>
    public string IntegrationKey { get; }

    /// <summary>The HMAC: 40 or 128 lower-case hexadecimal digits.</summary>
    public ReadOnlySpan<byte> HexMac => _hexMac;

    /// <summary>Parses the header. Never throws.</summary>
    /// <param name="header">The header's value; null if there is none.</param>
    /// <param name="authorization">What it says; null if it is anything but what is written above.</param>
    public static bool TryParse(string? header, [NotNullWhen(true)] out DuoAuthorization? authorization)
    {
        authorization = null;
        if (header is null or { Length: > MaxLength }
            || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || !TryDecode(header[Scheme.Length..], out byte[] decoded)
            || decoded.Length is not (IntegrationKeyLength + 1 + 40 or IntegrationKeyLength + 1 + 128)
            || decoded[IntegrationKeyLength] != ':')
        {
            return false;
        }

        ReadOnlySpan<byte> key = decoded.AsSpan(0, IntegrationKeyLength);
        ReadOnlySpan<byte> mac = decoded.AsSpan(IntegrationKeyLength + 1);
        if (key.ContainsAnyExcept(KeyCharacters) || mac.ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        authorization = new(Encoding.ASCII.GetString(key), mac.ToArray());
        return true;
    }

    /// <summary>The header for a request that <see cref="DuoSignature.Sign"/> has signed.</summary>
    /// <param name="integrationKey">20 characters, A to Z and 0 to 9.</param>
    /// <param name="hexMac">40 or 128 lower-case hexadecimal digits.</param>
    /// <exception cref="ArgumentException">They are something else.</exception>
    public static string Format(string integrationKey, string hexMac)
    {
        string header = Scheme + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{integrationKey}:{hexMac}"));
        return TryParse(header, out _)
            ? header
            : throw new ArgumentException("No integration key, or no HMAC.", nameof(integrationKey));
    }

    /// <summary>The same text for every header.</summary>
    public override string ToString() => "[authorization]";

    /// <summary>Base64 in the one form that encoding gives: no blanks, padded, no bits left over.</summary>
    private static bool TryDecode(string base64, out byte[] decoded)
    {
        decoded = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, decoded, out int length))
        {
            return false;
        }

        decoded = decoded[..length];
        return Convert.ToBase64String(decoded) == base64;
    }
}
