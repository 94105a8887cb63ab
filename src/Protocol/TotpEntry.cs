using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocol;

/// <summary>
/// An account's entry in the root-only store: its enrolment, and its record of what is used up. It answers what a login
/// asks, as the state file does. Not safe for use by two threads. It holds the secret: dispose of it.
/// </summary>
public sealed partial class TotpEntry : IOtpState, IDisposable
{
    private TotpEntry(TotpEnrolment enrolment, TotpRecord record, byte[]? binding = null)
    {
        (Enrolment, Record) = (enrolment, record);
        _binding = binding ?? BindingOf(enrolment);
    }

    /// <summary>What was enrolled; it is wiped with the entry.</summary>
    public TotpEnrolment Enrolment { get; }

    /// <summary>What is used up, with all that was altered here.</summary>
    public TotpRecord Record { get; private set; }

    /// <inheritdoc/>
    public bool Changed { get; private set; }

    /// <inheritdoc/>
    public OtpMode Mode => Enrolment.Settings.Mode;

    /// <inheritdoc/>
    public int Digits => Enrolment.Settings.Digits;

    /// <inheritdoc/>
    public OtpAlgorithm Algorithm => Enrolment.Settings.Algorithm;

    /// <summary>What the enrolment says, where <see cref="SkewSearch"/> can search: SHA-1 and six digits.</summary>
    public bool LearnsSkew => Enrolment.Settings is { LearnsSkew: true, Algorithm: OtpAlgorithm.Sha1, Digits: 6 };

    /// <inheritdoc/>
    public int TimeSkew => Record.TimeSkew;

    /// <inheritdoc/>
    public IReadOnlyList<SkewSample> SkewSamples => Record.SkewSamples;

    /// <inheritdoc/>
    public long HotpCounter => Record.HotpCounter;

    /// <summary>How many recovery codes are left.</summary>
    public int RecoveryCodesLeft => Enrolment.RecoveryCodes.Count - ushort.PopCount(Record.UsedRecoveryCodes);

    /// <summary>What the owner has not been told yet.</summary>
    public IReadOnlyList<Notice> PendingNotices =>
        [.. Enrolment.Notices.Where(notice => notice.Number > Record.LastNoticeTold)];

    /// <summary>Makes the entry of an account that has none.</summary>
    /// <param name="enrolment">It belongs to the entry from now on.</param>
    /// <param name="record">What is used up, where the secret comes from another store; null is nothing.</param>
    /// <exception cref="ArgumentException">A record that cannot be written.</exception>
    public static TotpEntry Create(TotpEnrolment enrolment, TotpRecord? record = null)
    {
        ArgumentNullException.ThrowIfNull(enrolment);
        record ??= new();
        return record.IsValid
            ? new(enrolment, record)
            : throw new ArgumentException("A record that could not be read back.", nameof(record));
    }

    /// <summary>
    /// Makes the entry that takes this one's place. Attempts and told notices stay; what is used up stays where secret,
    /// mode and period do; used recovery codes stay where the codes do.
    /// </summary>
    /// <param name="next">The new enrolment; it belongs to the new entry from now on.</param>
    public TotpEntry Replacement(TotpEnrolment next)
    {
        ArgumentNullException.ThrowIfNull(next);
        bool sameSteps = BindingOf(next).AsSpan().SequenceEqual(_binding)
            && next.Settings.PeriodSeconds == Enrolment.Settings.PeriodSeconds;
        TotpRecord kept = sameSteps
            ? Record
            : new() { Attempts = Record.Attempts, LastNoticeTold = Record.LastNoticeTold };
        bool sameCodes = next.RecoveryCodes.IsSameAs(Enrolment.RecoveryCodes);
        return new(next, kept with { UsedRecoveryCodes = sameCodes ? Record.UsedRecoveryCodes : (ushort)0 });
    }

    /// <inheritdoc/>
    public bool TryGetSecret([NotNullWhen(true)] out OtpSecret? secret)
    {
        secret = OtpSecret.FromBytes(Enrolment.Secret.Expose());
        return true;
    }

    /// <inheritdoc/>
    public bool TryGetWindowSize(out int size)
    {
        size = Enrolment.Settings.Window;
        return true;
    }

    /// <inheritdoc/>
    public bool TryGetStepSize(out int seconds)
    {
        seconds = Enrolment.Settings.PeriodSeconds;
        return true;
    }

    /// <inheritdoc/>
    public RateLimitState TryGetRateLimit(out RateLimit? limit)
    {
        limit = Enrolment.Settings.Limit is AttemptLimit set
            ? new(set.Attempts, set.IntervalSeconds, Record.Attempts)
            : null;
        return limit is null ? RateLimitState.Absent : RateLimitState.Valid;
    }

    /// <summary>The same text for every entry.</summary>
    public override string ToString() => "[entry]";

    /// <summary>Wipes the secret.</summary>
    public void Dispose() => Enrolment.Dispose();
}
