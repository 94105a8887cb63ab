namespace Sallyport.Protocol;

/// <summary>
/// The second half of an entry of the root-only store: what logins change. It holds no secret. The layout of its 512
/// bytes is in docs/formats/totp-store.md.
/// </summary>
public sealed partial record TotpRecord
{
    /// <summary>The size of a record: one sector, which a disk writes whole or not at all.</summary>
    public const int Bytes = 512;

    /// <summary>How many attempts are remembered.</summary>
    public const int MaxAttempts = 100;

    /// <summary>How many steps, the highest and those before it, are remembered one by one.</summary>
    public const int BitmapSteps = 128;

    /// <summary>The highest step whose passcode was accepted; -1 if none was.</summary>
    public long HighestStep { get; init; } = -1;

    /// <summary>Bit i is the step i before the highest: set if it is used up.</summary>
    public UInt128 UsedSteps { get; init; }

    /// <summary>The next counter that counts.</summary>
    public long HotpCounter { get; init; } = 1;

    /// <summary>How far the authenticator's clock is ahead, in steps.</summary>
    public int TimeSkew { get; init; }

    /// <summary>At most three, oldest first.</summary>
    public IReadOnlyList<SkewSample> SkewSamples { get; init; } = [];

    /// <summary>Bit i is recovery code i: set if it is used up.</summary>
    public ushort UsedRecoveryCodes { get; init; }

    /// <summary>The number of the last notice that was told; 0 if none was.</summary>
    public uint LastNoticeTold { get; init; }

    /// <summary>The attempts that the rate limit remembers, in seconds since 1970, oldest first.</summary>
    public IReadOnlyList<long> Attempts { get; init; } = [];

    /// <summary>What a step becomes: see <see cref="TotpEntry.TryUseStep"/>.</summary>
    /// <param name="step">The step.</param>
    /// <param name="strict">Whether steps before the highest are refused, used or not.</param>
    /// <param name="after">The record with the step used up; this one unless it was <see cref="StepUse.Used"/>.</param>
    internal StepUse Use(long step, bool strict, out TotpRecord after)
    {
        after = this;
        if (step is < 0 or > CNumber.FarthestMoment)
        {
            return StepUse.Refused;
        }

        if (step > HighestStep)
        {
            long ahead = step - HighestStep;
            UInt128 before = HighestStep < 0 || ahead >= BitmapSteps ? 0 : UsedSteps << (int)ahead;
            after = this with { HighestStep = step, UsedSteps = before | UInt128.One };
            return StepUse.Used;
        }

        // A step that is older than the bitmap may have been used: nobody knows any more.
        long back = HighestStep - step;
        if (strict || back >= BitmapSteps || (UsedSteps >> (int)back & UInt128.One) != UInt128.Zero)
        {
            return StepUse.UsedBefore;
        }

        after = this with { UsedSteps = UsedSteps | (UInt128.One << (int)back) };
        return StepUse.Used;
    }
}
