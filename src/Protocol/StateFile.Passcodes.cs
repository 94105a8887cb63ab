namespace Sallyport.Protocol;

/// <summary>What passcodes are accepted: counter, window, step size, used steps.</summary>
public sealed partial class StateFile
{
    private const int DefaultWindow = 3;
    private const int MaxWindow = 100;
    private const int DefaultStepSeconds = 30;
    private const int MaxStepSeconds = 60;

    private static ReadOnlySpan<byte> HotpCounterName => "HOTP_COUNTER"u8;

    private static ReadOnlySpan<byte> DisallowReuseName => "DISALLOW_REUSE"u8;

    /// <summary>6: the file knows no other number.</summary>
    public int Digits => Passcode.MinDigits;

    /// <summary>HMAC-SHA-1: the file knows no other.</summary>
    public OtpAlgorithm Algorithm => OtpAlgorithm.Sha1;

    /// <summary>
    /// <c>HOTP_COUNTER</c>, the next counter that counts; 0 if absent or without a number. Below 1 the file is not in
    /// HOTP mode.
    /// </summary>
    public long HotpCounter => TryFind(HotpCounterName, out ReadOnlySpan<byte> value) ? CNumber.Signed(value).Int64 : 0;

    /// <summary>
    /// <c>DISALLOW_REUSE</c>: whether the file wants each TOTP passcode to be accepted once only. It has no meaning in
    /// HOTP mode, where the counter sees to that.
    /// </summary>
    public bool DisallowsReuse => TryFind(DisallowReuseName, out _);

    /// <summary>Writes <c>HOTP_COUNTER</c>.</summary>
    /// <param name="counter">At least 1: less would take the file out of HOTP mode.</param>
    /// <exception cref="ArgumentOutOfRangeException">A counter below 1.</exception>
    public void SetHotpCounter(long counter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(counter, 1);
        Set(HotpCounterName, Decimal(counter));
    }

    /// <summary>
    /// <c>WINDOW_SIZE</c>: how many steps or counters are tried, 1 to 100; 3 if absent. False if malformed, and then no
    /// passcode is accepted.
    /// </summary>
    /// <param name="size">Steps or counters; 0 if malformed.</param>
    public bool TryGetWindowSize(out int size) => TryGetSmall("WINDOW_SIZE"u8, DefaultWindow, MaxWindow, out size);

    /// <summary>
    /// <c>STEP_SIZE</c>: the period of TOTP, 1 to 60 seconds; 30 if absent. False if malformed, and then no TOTP
    /// passcode is accepted.
    /// </summary>
    /// <param name="seconds">Seconds; 0 if malformed.</param>
    public bool TryGetStepSize(out int seconds) =>
        TryGetSmall("STEP_SIZE"u8, DefaultStepSeconds, MaxStepSeconds, out seconds);

    /// <summary>
    /// The steps that <c>DISALLOW_REUSE</c> lists as used, in the order of the file; none if the option is absent.
    /// False if malformed, and then no TOTP passcode is accepted.
    /// </summary>
    /// <param name="steps">Steps, not seconds; empty if malformed.</param>
    public bool TryGetUsedSteps(out long[] steps)
    {
        steps = [];
        if (!TryFind(DisallowReuseName, out ReadOnlySpan<byte> value))
        {
            return true;
        }

        List<long> used = [];
        for (value = value.TrimStart(Blanks); !value.IsEmpty; value = value.TrimStart(Blanks))
        {
            CNumber step = CNumber.Unsigned(value);
            value = value[step.Length..];
            if (!step.IsMoment || !EndsField(value))
            {
                return false;
            }

            used.Add(step.Int64);
        }

        steps = [.. used];
        return true;
    }

    /// <summary>
    /// Adds a step to <c>DISALLOW_REUSE</c>, where the file has it, and drops those a window or more away from it.
    /// Without it every step may be used again.
    /// </summary>
    /// <param name="matched">The step that matched.</param>
    /// <param name="window">How many steps are tried.</param>
    public StepUse TryUseStep(TimeStep matched, int window)
    {
        if (!DisallowsReuse)
        {
            return StepUse.Used;
        }

        if (!TryGetUsedSteps(out long[] used))
        {
            return StepUse.Refused;
        }

        if (used.Contains(matched.Value))
        {
            return StepUse.UsedBefore;
        }

        SetUsedSteps([.. used.Where(other => Math.Abs(other - matched.Value) < window), matched.Value]);
        return StepUse.Used;
    }

    /// <inheritdoc/>
    public bool MayBeUsed(TimeStep matched) =>
        DisallowsReuse && (!TryGetUsedSteps(out long[] used) || used.Any(other => other >= matched.Value));

    /// <summary>Writes <c>DISALLOW_REUSE</c>, and so turns it on where it was off.</summary>
    /// <param name="steps">Steps, not seconds, in any order.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step beyond 2^60.</exception>
    public void SetUsedSteps(ReadOnlySpan<long> steps) => Set(DisallowReuseName, Joined(Moments(steps)));

    private static ReadOnlySpan<long> Moments(ReadOnlySpan<long> moments)
    {
        foreach (long moment in moments)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(moment, CNumber.FarthestMoment, nameof(moments));
            ArgumentOutOfRangeException.ThrowIfLessThan(moment, -CNumber.FarthestMoment, nameof(moments));
        }

        return moments;
    }

    private static bool EndsField(ReadOnlySpan<byte> rest) => rest.IsEmpty || Blanks.Contains(rest[0]);

    private bool TryGetSmall(ReadOnlySpan<byte> name, int absent, int greatest, out int number)
    {
        number = absent;
        if (!TryFind(name, out ReadOnlySpan<byte> value))
        {
            return true;
        }

        CNumber read = CNumber.Unsigned(value);
        bool valid = read.IsValid && EndsField(value[read.Length..]) && read.Int32 >= 1 && read.Int32 <= greatest;
        number = valid ? read.Int32 : 0;
        return valid;
    }
}
