namespace Sallyport.Protocol;

/// <summary>
/// The first half of an entry of the root-only store, as docs/formats/totp-store.md defines it: what an enrolment
/// settles and logins do not change. It holds the secret: dispose of it.
/// </summary>
public sealed partial class TotpEnrolment : IDisposable
{
    /// <summary>The size of the text in bytes, padding included.</summary>
    public const int TextBytes = 4096;

    /// <summary>The greatest secret.</summary>
    public const int MaxSecretBytes = 128;

    /// <summary>Gathers what an enrolment says.</summary>
    /// <param name="secret">K, 1 to 128 bytes; it belongs to the enrolment from now on.</param>
    /// <param name="settings">What counts as a passcode.</param>
    /// <param name="enrolledAt">When the secret was enrolled, in seconds since 1970.</param>
    /// <param name="recoveryCodes">The recovery codes; null is none.</param>
    /// <param name="notices">What is to be told, by rising numbers; null is nothing.</param>
    /// <exception cref="ArgumentException">A value that an entry cannot hold.</exception>
    public TotpEnrolment(
        OtpSecret secret,
        TotpSettings settings,
        long enrolledAt,
        RecoveryCodeHashes? recoveryCodes = null,
        IReadOnlyList<Notice>? notices = null)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentNullException.ThrowIfNull(settings);
        notices ??= [];
        if (secret.Expose().Length > MaxSecretBytes || !settings.IsValid
            || enrolledAt is < 0 or > CNumber.FarthestMoment || !AreNotices(notices))
        {
            throw new ArgumentException("An entry cannot hold this.");
        }

        Secret = secret;
        Settings = settings;
        EnrolledAt = enrolledAt;
        RecoveryCodes = recoveryCodes ?? RecoveryCodeHashes.None;
        Notices = [.. notices];
    }

    // What was judged once is not judged again.
    private TotpEnrolment(TotpEnrolment other)
    {
        Secret = Copy(other.Secret);
        (Settings, EnrolledAt, RecoveryCodes) = (other.Settings, other.EnrolledAt, other.RecoveryCodes);
        (Notices, _checksum) = (other.Notices, other._checksum);
    }

    /// <summary>K; it is wiped with the enrolment.</summary>
    public OtpSecret Secret { get; }

    /// <summary>What counts as a passcode.</summary>
    public TotpSettings Settings { get; }

    /// <summary>When the secret was enrolled, in seconds since 1970.</summary>
    public long EnrolledAt { get; }

    /// <summary>The recovery codes.</summary>
    public RecoveryCodeHashes RecoveryCodes { get; }

    /// <summary>What is to be told, by rising numbers; the record knows which of them were told.</summary>
    public IReadOnlyList<Notice> Notices { get; }

    /// <summary>The same enrolment with a secret of its own.</summary>
    public TotpEnrolment Copy() => new(this);

    /// <summary>The same enrolment with other recovery codes.</summary>
    /// <param name="codes">The new codes.</param>
    public TotpEnrolment WithRecoveryCodes(RecoveryCodeHashes codes) =>
        new(Copy(Secret), Settings, EnrolledAt, codes, Notices);

    /// <summary>The same enrolment with other settings.</summary>
    /// <param name="settings">The new settings.</param>
    public TotpEnrolment WithSettings(TotpSettings settings) =>
        new(Copy(Secret), settings, EnrolledAt, RecoveryCodes, Notices);

    /// <summary>The same enrolment with one more notice; beyond eight the oldest goes.</summary>
    /// <param name="text">See <see cref="Notice.IsText"/>.</param>
    public TotpEnrolment WithNotice(string text) =>
        new(Copy(Secret), Settings, EnrolledAt, RecoveryCodes, AfterChange(Notices, text));

    /// <summary>The notices of an entry, and one more; for an enrolment that takes the place of another.</summary>
    /// <param name="earlier">The notices of the entry as it was.</param>
    /// <param name="text">See <see cref="Notice.IsText"/>.</param>
    public static IReadOnlyList<Notice> AfterChange(IReadOnlyList<Notice> earlier, string text)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        uint number = earlier is [.., Notice last] ? last.Number + 1 : 1;
        return [.. earlier.Append(new Notice(number, text)).TakeLast(Notice.MaxNotices)];
    }

    /// <summary>The same text for every enrolment.</summary>
    public override string ToString() => "[enrolment]";

    /// <summary>Wipes the secret.</summary>
    public void Dispose() => Secret.Dispose();

    private static OtpSecret Copy(OtpSecret secret) => OtpSecret.FromBytes(secret.Expose());

    private static bool AreNotices(IReadOnlyList<Notice> notices)
    {
        uint last = 0;
        foreach (Notice notice in notices)
        {
            if (!Follows(last, notice))
            {
                return false;
            }

            last = notice.Number;
        }

        return notices.Count <= Notice.MaxNotices;
    }

    private static bool Follows(uint last, Notice notice) => notice.Number > last && Notice.IsText(notice.Text);
}
