using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Sallyport.Protocol;

/// <summary>Reading key URIs.</summary>
public sealed partial class KeyUri
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    // RFC 3986 section 3.3, pchar without the per cent sign.
    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create(Unreserved + "!$&'()*+,;=:@");

    // Section 3.4, without '&' and '=', which part the parameters, and without '+', which some read as a blank.
    private static readonly SearchValues<char> ValueCharacters = SearchValues.Create(Unreserved + "!$'()*,;:@/?");

    /// <summary>
    /// Parses strictly: the parameters that the format names, each at most once; a secret in upper-case base32 without
    /// padding; an issuer that equals the label's, where both name one; a counter with a counter and only there.
    /// </summary>
    /// <param name="text">The URI.</param>
    /// <param name="uri">What it says, with a secret that the caller disposes of; null if it is no key URI.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out KeyUri? uri)
    {
        uri = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text.AsSpan(Scheme.Length);
        OtpMode mode = rest.StartsWith("totp/") ? OtpMode.Totp : rest.StartsWith("hotp/") ? OtpMode.Hotp : OtpMode.None;
        int query = rest.IndexOf('?');
        return mode is not OtpMode.None
            && query >= 0
            && TryParseLabel(rest["totp/".Length..query], out string? prefix, out string? account)
            && TryParseParameters(rest[(query + 1)..], out Dictionary<string, string>? parameters)
            && TryAssemble(mode, prefix, account, parameters, out uri);
    }

    private static bool TryAssemble(
        OtpMode mode,
        string? prefix,
        string account,
        Dictionary<string, string> parameters,
        [NotNullWhen(true)] out KeyUri? uri)
    {
        uri = null;
        string? issuer = parameters.GetValueOrDefault("issuer", prefix!);
        string? algorithmName = parameters.GetValueOrDefault("algorithm", "SHA1");
        OtpAlgorithm algorithm = Enum.GetValues<OtpAlgorithm>().FirstOrDefault(a => AlgorithmName(a) == algorithmName);
        if ((prefix is not null && issuer != prefix)
            || (issuer is not null && !IsName(issuer))
            || algorithm is OtpAlgorithm.Unspecified
            || !TryParseNumber(parameters.GetValueOrDefault("digits", "6"), 6, 8, out long digits)
            || !TryParseNumber(parameters.GetValueOrDefault("period", "30"), 1, int.MaxValue, out long period)
            || !TryParseNumber(parameters.GetValueOrDefault("counter", "1"), 0, long.MaxValue, out long counter)
            || parameters.ContainsKey("counter") != mode is OtpMode.Hotp
            || (parameters.ContainsKey("period") && mode is OtpMode.Hotp)
            || !parameters.TryGetValue("secret", out string? base32)
            || !Base32.TryDecode(base32, out byte[]? key))
        {
            return false;
        }

        if (key.Length == 0)
        {
            return false;
        }

        OtpSecret secret = OtpSecret.FromBytes(key);
        Array.Clear(key);
        uri = new(mode, secret, account, issuer, algorithm, (int)digits, (int)period, counter);
        return true;
    }

    /// <summary>label = account / issuer ":" *"%20" account; the colon may be percent-encoded.</summary>
    private static bool TryParseLabel(
        ReadOnlySpan<char> text,
        out string? issuer,
        [NotNullWhen(true)] out string? account)
    {
        issuer = null;
        if (!TryDecode(text, LabelCharacters, out account))
        {
            return false;
        }

        int colon = account.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            issuer = account[..colon];
            account = account[(colon + 1)..].TrimStart(' ');
        }

        return IsName(account) && (issuer is null || IsName(issuer));
    }

    private static bool TryParseParameters(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out Dictionary<string, string>? parameters)
    {
        parameters = null;
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (Range range in text.Split('&'))
        {
            ReadOnlySpan<char> parameter = text[range];
            int equals = parameter.IndexOf('=');
            if (equals < 0
                || parameter[..equals] is not ("secret" or "issuer" or "algorithm" or "digits" or "period" or "counter")
                || !TryDecode(parameter[(equals + 1)..], ValueCharacters, out string? value)
                || !found.TryAdd(parameter[..equals].ToString(), value))
            {
                return false;
            }
        }

        parameters = found;
        return true;
    }

    private static bool TryParseNumber(string text, long least, long greatest, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number >= least
        && number <= greatest;

    /// <summary>Percent-decoding (RFC 3986 section 2.1) of text whose bytes are UTF-8.</summary>
    private static bool TryDecode(
        ReadOnlySpan<char> text,
        SearchValues<char> literals,
        [NotNullWhen(true)] out string? decoded)
    {
        decoded = null;
        byte[] bytes = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (literals.Contains(text[i]))
            {
                bytes[length++] = (byte)text[i];
            }
            else if (text[i] == '%' && i + 2 < text.Length
                && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes[length++] = (byte)((Convert.ToInt32(text[(i + 1)..(i + 3)].ToString(), 16)) & 0xFF);
                i += 2;
            }
            else
            {
                return false;
            }
        }

        if (!Utf8.IsValid(bytes.AsSpan(0, length)))
        {
            return false;
        }

        decoded = Encoding.UTF8.GetString(bytes, 0, length);
        return true;
    }
}
