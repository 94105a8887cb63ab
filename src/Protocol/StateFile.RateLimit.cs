namespace Sallyport.Protocol;

/// <summary>What <c>RATE_LIMIT</c> says. Zero is a refusal.</summary>
public enum RateLimitState
{
    /// <summary>Not set; a refusal.</summary>
    Unspecified = 0,

    /// <summary>The option is absent: attempts are not limited.</summary>
    Absent,

    /// <summary>There is a limit.</summary>
    Valid,

    /// <summary>One of the two numbers is missing or out of range; a refusal.</summary>
    BadConfiguration,

    /// <summary>The list of attempts is malformed; a refusal.</summary>
    BadList,
}

/// <summary>How many attempts a span of time allows, and when the last ones were.</summary>
/// <param name="Attempts">1 to 100.</param>
/// <param name="IntervalSeconds">1 to 3600 seconds.</param>
/// <param name="Stamps">Earlier attempts in seconds since 1970, in the order of the file.</param>
public sealed record RateLimit(int Attempts, int IntervalSeconds, IReadOnlyList<long> Stamps);

/// <summary>How often somebody may try.</summary>
public sealed partial class StateFile
{
    private const int MaxAttempts = 100;
    private const int MaxIntervalSeconds = 3600;

    private static ReadOnlySpan<byte> RateLimitName => "RATE_LIMIT"u8;

    /// <summary>Reads <c>RATE_LIMIT</c>.</summary>
    /// <param name="limit">The limit; null unless the answer is <see cref="RateLimitState.Valid"/>.</param>
    public RateLimitState TryGetRateLimit(out RateLimit? limit)
    {
        limit = null;
        if (!TryFind(RateLimitName, out ReadOnlySpan<byte> value))
        {
            return RateLimitState.Absent;
        }

        CNumber attempts = CNumber.Unsigned(value);
        value = value[attempts.Length..];
        if (!attempts.IsValid || attempts.Int32 is < 1 or > MaxAttempts || value.IsEmpty || !EndsField(value))
        {
            return RateLimitState.BadConfiguration;
        }

        CNumber interval = CNumber.Unsigned(value);
        value = value[interval.Length..];
        if (!interval.IsValid || interval.Int32 is < 1 or > MaxIntervalSeconds)
        {
            return RateLimitState.BadConfiguration;
        }

        List<long> stamps = [];
        while (!value.IsEmpty)
        {
            CNumber stamp = EndsField(value) ? CNumber.Unsigned(value) : default;
            if (!stamp.IsMoment)
            {
                return RateLimitState.BadList;
            }

            value = value[stamp.Length..];
            stamps.Add(stamp.Int64);
        }

        limit = new(attempts.Int32, interval.Int32, stamps);
        return RateLimitState.Valid;
    }

    /// <summary>Writes <c>RATE_LIMIT</c>.</summary>
    /// <param name="limit">The limit with the attempts to remember.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// One of the two numbers is out of its range, or a stamp is beyond 2^60.
    /// </exception>
    public void SetRateLimit(RateLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit.Attempts, 1, nameof(limit));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit.Attempts, MaxAttempts, nameof(limit));
        ArgumentOutOfRangeException.ThrowIfLessThan(limit.IntervalSeconds, 1, nameof(limit));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit.IntervalSeconds, MaxIntervalSeconds, nameof(limit));
        Set(RateLimitName, Joined(Moments([limit.Attempts, limit.IntervalSeconds, .. limit.Stamps])));
    }
}
