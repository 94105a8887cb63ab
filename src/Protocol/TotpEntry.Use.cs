namespace Sallyport.Protocol;

/// <summary>What logins change.</summary>
public sealed partial class TotpEntry
{
    /// <summary>
    /// Uses a step up. Refused is one that was used; where the enrolment is strict, every step up to the highest that
    /// was accepted; where it is not, one more than 127 steps before that.
    /// </summary>
    /// <param name="matched">The step that matched.</param>
    /// <param name="window">Makes no difference: 128 steps are more than any window.</param>
    public StepUse TryUseStep(TimeStep matched, int window)
    {
        if (!Enrolment.Settings.RefusesReuse)
        {
            return StepUse.Used;
        }

        StepUse use = Record.Use(matched.Value, Enrolment.Settings.IsStrict, out TotpRecord after);
        Change(after);
        return use;
    }

    /// <inheritdoc/>
    public bool MayBeUsed(TimeStep matched) => Enrolment.Settings.RefusesReuse && matched.Value <= Record.HighestStep;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A counter below 1.</exception>
    public void SetHotpCounter(long counter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(counter, 1);
        Change(Record with { HotpCounter = counter });
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A skew that a record cannot hold.</exception>
    public void SetTimeSkew(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, SkewSample.MaxSkew);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, -SkewSample.MaxSkew);
        Change(Record with { TimeSkew = steps });
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">More than three samples, or one that could not be read back.</exception>
    public void SetSkewSamples(ReadOnlySpan<SkewSample> samples)
    {
        TotpRecord after = Record with { SkewSamples = samples.ToArray() };
        Change(after.IsValid ? after : throw new ArgumentException("A record cannot hold this.", nameof(samples)));
    }

    /// <summary>
    /// Remembers attempts: the last hundred of them, as far as they lie within 65,535 seconds of the newest.
    /// </summary>
    /// <param name="limit">The limit of the enrolment with other stamps.</param>
    /// <exception cref="ArgumentException">Another limit, or a stamp that could not be read back.</exception>
    public void SetRateLimit(RateLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        if (Enrolment.Settings.Limit != new AttemptLimit(limit.Attempts, limit.IntervalSeconds)
            || limit.Stamps.Any(stamp => stamp is < 0 or > CNumber.FarthestMoment))
        {
            throw new ArgumentException("A record cannot hold this.", nameof(limit));
        }

        long[] sorted = [.. limit.Stamps.Order().TakeLast(TotpRecord.MaxAttempts)];
        Change(Record with { Attempts = [.. sorted.Where(stamp => sorted[^1] - stamp <= ushort.MaxValue)] });
    }

    /// <inheritdoc/>
    public bool TryUseRecoveryCode(uint code)
    {
        int index = Enrolment.RecoveryCodes.IndexOf(code);
        if (index < 0 || (Record.UsedRecoveryCodes >> index & 1) != 0)
        {
            return false;
        }

        Change(Record with { UsedRecoveryCodes = (ushort)(Record.UsedRecoveryCodes | (1 << index)) });
        return true;
    }

    /// <summary>Notes that the owner has been told all there is to tell.</summary>
    public void SetNoticesTold()
    {
        if (Enrolment.Notices is [.., Notice last] && last.Number > Record.LastNoticeTold)
        {
            Change(Record with { LastNoticeTold = last.Number });
        }
    }

    private void Change(TotpRecord after)
    {
        Changed |= after != Record;
        Record = after;
    }
}
