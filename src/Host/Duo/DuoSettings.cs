using System.Globalization;

namespace Sallyport.Host.Duo;

/// <summary>What holds where the server cannot be reached. Zero refuses.</summary>
internal enum FailMode
{
    Secure = 0,
    Offline,
    Safe,
}

/// <summary>
/// How a host asks a Duo-compatible service: what [duo] of sallyport.conf says, or a file of Duo's. Texts are Latin-1,
/// one char a byte, but for <see cref="CaFile"/>.
/// </summary>
internal sealed record DuoSettings
{
    public const int MostPrompts = 3;
    public const int LongestTimeout = 600; // seconds
    public const int UsualPort = 443;

    /// <summary>Duo's own is 0, which waits for ever.</summary>
    public static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(10);

    public required string IntegrationKey { get; init; }

    public required string SecretKey { get; init; }

    /// <summary>The name alone, as it is signed and as the certificate has to have it.</summary>
    public required string Host { get; init; }

    public int Port { get; init; } = UsualPort;

    /// <summary>As it is asked and spoken of: with the port, where that is not the usual one.</summary>
    public string Place => Port == UsualPort ? Host : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>The authorities that count, and no others; null: the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Only a file of Duo's can say so: <c>noverify</c>, or an empty cafile.</summary>
    public bool NoVerify { get; init; }

    public DuoProxy? Proxy { get; init; }

    /// <summary>Who is asked, as <c>groups</c> says it, word by word; empty: everybody.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    public FailMode FailMode { get; init; } = FailMode.Secure;

    public bool PushInfo { get; init; }

    public int Prompts { get; init; } = MostPrompts;

    public bool AutoPush { get; init; }

    public bool VerifiedPush { get; init; }

    public bool AcceptEnvFactor { get; init; }

    public bool FallbackLocalIp { get; init; }

    /// <summary>The longest silence of the server.</summary>
    public TimeSpan HttpsTimeout { get; init; } = UsualTimeout;

    public bool SendGecos { get; init; }

    public char GecosDelimiter { get; init; } = ',';

    /// <summary>From 1; null: off. Where it is set, <see cref="SendGecos"/> means nothing.</summary>
    public int? GecosPosition { get; init; }

    public bool Motd { get; init; }

    /// <summary>
    /// [duo] offline_days: how long a passcode of this host stands in, under <see cref="FailMode.Offline"/>.
    /// </summary>
    public int OfflineDays { get; init; } = 7;

    /// <summary>[duo] su: where su goes to root, root is asked, and not who calls it.</summary>
    public bool SuTarget { get; init; }

    /// <summary>A record would print all of it, the secret key too.</summary>
    public override string ToString() => $"[duo settings: {IntegrationKey} at {Host}:{Port}]";
}

/// <summary>An HTTP proxy, for CONNECT.</summary>
/// <param name="Credentials">"user:password", nothing decoded; null: none.</param>
internal sealed record DuoProxy(string Host, int Port, string? Credentials)
{
    private const int UsualPort = 80;
    private const string Scheme = "http://";

    /// <summary><c>[http://][user:password@]host[:port][/…]</c>; null: anything else.</summary>
    public static DuoProxy? Parse(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0 && !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string place = text[(scheme < 0 ? 0 : Scheme.Length)..].Split('/')[0];
        int at = place.LastIndexOf('@');
        return DuoAddress.TryParse(place[(at + 1)..], UsualPort, out string host, out int port)
            ? new DuoProxy(host, port, at < 0 ? null : place[..at])
            : null;
    }

    public override string ToString() => $"[proxy: {Host}:{Port}]";
}
