namespace Sallyport.Protocol;

/// <summary>A time step T: the number of whole periods since 1970-01-01T00:00:00Z (RFC 6238 section 4.2).</summary>
/// <param name="Value">Steps, not seconds.</param>
public readonly record struct TimeStep(long Value)
{
    /// <summary>The step that an instant lies in.</summary>
    /// <param name="instant">Any instant; its offset from UTC makes no difference.</param>
    /// <param name="period">The period X, at least one second; a fraction of a second is cut off.</param>
    /// <exception cref="ArgumentOutOfRangeException">A period below one second.</exception>
    public static TimeStep At(DateTimeOffset instant, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromSeconds(1));
        long seconds = instant.ToUnixTimeSeconds();
        long periodSeconds = period.Ticks / TimeSpan.TicksPerSecond;
        (long step, long rest) = Math.DivRem(seconds, periodSeconds);
        return new(rest < 0 ? step - 1 : step);
    }
}
