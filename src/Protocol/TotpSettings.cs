namespace Sallyport.Protocol;

/// <summary>So many attempts in so many seconds.</summary>
/// <param name="Attempts">1 to 100.</param>
/// <param name="IntervalSeconds">1 to 3600 seconds.</param>
public readonly record struct AttemptLimit(int Attempts, int IntervalSeconds);

/// <summary>What counts as a passcode of an entry. The defaults are what a new enrolment has.</summary>
public sealed record TotpSettings
{
    /// <summary>What moves the passcodes; None is refused.</summary>
    public OtpMode Mode { get; init; }

    /// <summary>6 to 8.</summary>
    public int Digits { get; init; } = 6;

    /// <summary>The hash under the HMAC.</summary>
    public OtpAlgorithm Algorithm { get; init; } = OtpAlgorithm.Sha1;

    /// <summary>1 to 60 seconds, as the state file has it, so that an entry can go back there.</summary>
    public int PeriodSeconds { get; init; } = 30;

    /// <summary>How many steps or counters are tried, 1 to 100.</summary>
    public int Window { get; init; } = 3;

    /// <summary>How often somebody may try; null is as often as he likes.</summary>
    public AttemptLimit? Limit { get; init; } = new(3, 30);

    /// <summary>Whether a TOTP passcode is accepted once only.</summary>
    public bool RefusesReuse { get; init; } = true;

    /// <summary>Whether steps before the highest accepted one are refused, used or not (RFC 6238 section 5.2).</summary>
    public bool IsStrict { get; init; } = true;

    /// <summary>Whether a clock's skew is learned; only where passcodes are of SHA-1 and have six digits.</summary>
    public bool LearnsSkew { get; init; } = true;

    /// <summary>Whether an entry can hold this.</summary>
    public bool IsValid =>
        Mode is OtpMode.Totp or OtpMode.Hotp
        && Digits is >= 6 and <= 8
        && Algorithm is OtpAlgorithm.Sha1 or OtpAlgorithm.Sha256 or OtpAlgorithm.Sha512
        && PeriodSeconds is >= 1 and <= 60
        && Window is >= 1 and <= 100
        && Limit is null or { Attempts: >= 1 and <= 100, IntervalSeconds: >= 1 and <= 3600 };
}
