using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>
/// The <c>otpauth://</c> URI that an authenticator app scans (google-authenticator's key URI format). It carries the
/// secret, so it has no printable form but <see cref="Expose"/>.
/// </summary>
public sealed partial class KeyUri
{
    /// <summary>The period that is meant where the URI names none.</summary>
    public const int DefaultPeriodSeconds = 30;

    /// <summary>The number of digits that is meant where the URI names none.</summary>
    public const int DefaultDigits = 6;

    private const string Scheme = "otpauth://";

    /// <summary>Gathers what the URI says.</summary>
    /// <param name="mode">Clock or counter.</param>
    /// <param name="secret">K; it stays the caller's to dispose of.</param>
    /// <param name="account">Whose secret it is; not empty, no colon, no control character.</param>
    /// <param name="issuer">For what; null if nobody is to be named, else not empty, no colon, no control character.</param>
    /// <param name="algorithm">The hash under the HMAC.</param>
    /// <param name="digits">6 to 8.</param>
    /// <param name="periodSeconds">1 second or more; stays 30 with a counter.</param>
    /// <param name="counter">The counter to begin with, 0 or more; has no meaning with a clock.</param>
    /// <exception cref="ArgumentException">A value that the format cannot carry.</exception>
    public KeyUri(
        OtpMode mode,
        OtpSecret secret,
        string account,
        string? issuer = null,
        OtpAlgorithm algorithm = OtpAlgorithm.Sha1,
        int digits = DefaultDigits,
        int periodSeconds = DefaultPeriodSeconds,
        long counter = 1)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (mode is not (OtpMode.Totp or OtpMode.Hotp)
            || AlgorithmName(algorithm) is null
            || digits is < 6 or > 8
            || periodSeconds < 1
            || (mode is OtpMode.Hotp && periodSeconds != DefaultPeriodSeconds)
            || counter < 0
            || !IsName(account)
            || (issuer is not null && !IsName(issuer)))
        {
            throw new ArgumentException("The key URI format cannot carry this.");
        }

        Mode = mode;
        Secret = secret;
        Account = account;
        Issuer = issuer;
        Algorithm = algorithm;
        Digits = digits;
        PeriodSeconds = periodSeconds;
        Counter = counter;
    }

    /// <summary>Clock or counter.</summary>
    public OtpMode Mode { get; }

    /// <summary>K; whoever made or parsed the URI disposes of it.</summary>
    public OtpSecret Secret { get; }

    /// <summary>Whose secret it is.</summary>
    public string Account { get; }

    /// <summary>For what; null if nobody is named.</summary>
    public string? Issuer { get; }

    /// <summary>The hash under the HMAC.</summary>
    public OtpAlgorithm Algorithm { get; }

    /// <summary>6 to 8.</summary>
    public int Digits { get; }

    /// <summary>The period in seconds; 30 with a counter.</summary>
    public int PeriodSeconds { get; }

    /// <summary>The counter to begin with; has no meaning with a clock.</summary>
    public long Counter { get; }

    /// <summary>Whether the format can carry this as account or issuer.</summary>
    /// <param name="name">The name.</param>
    public static bool IsName([NotNullWhen(true)] string? name) =>
        !string.IsNullOrWhiteSpace(name)
        && name == name.Trim()
        && !name.Contains(':', StringComparison.Ordinal)
        && !name.Any(char.IsControl)
        && IsUnicode(name);

    /// <summary>
    /// The URI as text, secret included: for the QR code and the one line that shows it to its owner. Algorithm, digits
    /// and period are named only where they differ from the default, because apps differ in what they understand.
    /// </summary>
    public string Expose()
    {
        StringBuilder uri = new(Scheme);
        uri.Append(Mode is OtpMode.Hotp ? "hotp/" : "totp/");
        if (Issuer is not null)
        {
            uri.Append(Uri.EscapeDataString(Issuer)).Append(':');
        }

        uri.Append(Uri.EscapeDataString(Account)).Append("?secret=").Append(Base32.Encode(Secret.Expose()));
        if (Issuer is not null)
        {
            uri.Append("&issuer=").Append(Uri.EscapeDataString(Issuer));
        }

        if (Algorithm != OtpAlgorithm.Sha1)
        {
            uri.Append("&algorithm=").Append(AlgorithmName(Algorithm));
        }

        if (Digits != DefaultDigits)
        {
            uri.Append(CultureInfo.InvariantCulture, $"&digits={Digits}");
        }

        if (PeriodSeconds != DefaultPeriodSeconds)
        {
            uri.Append(CultureInfo.InvariantCulture, $"&period={PeriodSeconds}");
        }

        if (Mode is OtpMode.Hotp)
        {
            uri.Append(CultureInfo.InvariantCulture, $"&counter={Counter}");
        }

        return uri.ToString();
    }

    /// <summary>The same text for every URI.</summary>
    public override string ToString() => "[key uri]";

    internal static string? AlgorithmName(OtpAlgorithm algorithm) => algorithm switch
    {
        OtpAlgorithm.Sha1 => "SHA1",
        OtpAlgorithm.Sha256 => "SHA256",
        OtpAlgorithm.Sha512 => "SHA512",
        _ => null,
    };

    // A lone surrogate has no UTF-8, and so no percent-encoding.
    private static bool IsUnicode(string name) => name.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);
}
