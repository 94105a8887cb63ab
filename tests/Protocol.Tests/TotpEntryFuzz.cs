using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>Any bytes, and any entry with any edits. A failure names the seed that repeats it.</summary>
public sealed class Given_any_entry
{
    private static readonly Gen<TotpSettings> Settings = Gen.Select(
            Gen.OneOf(OtpMode.Totp, OtpMode.Hotp),
            Gen.Int[6, 8],
            Gen.OneOf(OtpAlgorithm.Sha1, OtpAlgorithm.Sha256, OtpAlgorithm.Sha512),
            Gen.Int[1, 60],
            Gen.Int[1, 100],
            Gen.Select(Gen.Bool, Gen.Int[1, 100], Gen.Int[1, 3600]),
            Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool))
        .Select((mode, digits, algorithm, period, window, limit, flags) => new TotpSettings
        {
            Mode = mode,
            Digits = digits,
            Algorithm = algorithm,
            PeriodSeconds = period,
            Window = window,
            Limit = limit.Item1 ? new(limit.Item2, limit.Item3) : null,
            RefusesReuse = flags.Item1,
            IsStrict = flags.Item2,
            LearnsSkew = flags.Item3,
        });

    private static readonly Gen<string> Texts =
        Gen.String[Gen.Char['\0', '\u2fff'], 1, 60].Where(Notice.IsText);

    private static readonly Gen<TotpEntry> All = Gen.Select(
            Gen.Byte.Array[1, TotpEnrolment.MaxSecretBytes],
            Settings,
            Gen.Long[0, 1L << 60],
            Gen.Byte.Array[RecoveryCodeHashes.SaltBytes],
            Gen.UInt[10_000_000, 99_999_999].HashSet[0, RecoveryCodeHashes.MaxCodes],
            Texts.Array[0, Notice.MaxNotices])
        .Select((key, settings, enrolledAt, salt, codes, texts) => TotpEntry.Create(new(
            OtpSecret.FromBytes(key), settings, enrolledAt, RecoveryCodeHashes.Of(salt, [.. codes]),
            texts.Aggregate<string, IReadOnlyList<Notice>>([], TotpEnrolment.AfterChange))));

    private static readonly Gen<long> Moments = Gen.Long[-(1L << 60), 1L << 60];

    private static readonly Gen<int> Skews = Gen.Int[-SkewSample.MaxSkew, SkewSample.MaxSkew];

    private static readonly Gen<Action<TotpEntry>> Edits = Gen.OneOf(
        Gen.Long.Select(step => (Action<TotpEntry>)(entry => entry.TryUseStep(new(step), 3))),
        Gen.Long[1000, 1200].Select(step => (Action<TotpEntry>)(entry => entry.TryUseStep(new(step), 3))),
        Gen.Long[1, long.MaxValue].Select(counter => (Action<TotpEntry>)(entry => entry.SetHotpCounter(counter))),
        Skews.Select(skew => (Action<TotpEntry>)(entry => entry.SetTimeSkew(skew))),
        Gen.Select(Moments, Skews).Array[0, 3].Select(pairs => (Action<TotpEntry>)(entry =>
            entry.SetSkewSamples([.. pairs.Select(pair => new SkewSample(pair.Item1, pair.Item2))]))),
        Gen.Long[0, 1L << 60].Array[0, 120].Select(stamps => (Action<TotpEntry>)(entry =>
        {
            if (entry.TryGetRateLimit(out RateLimit? limit) is RateLimitState.Valid)
            {
                entry.SetRateLimit(limit! with { Stamps = stamps });
            }
        })),
        Gen.UInt.Select(code => (Action<TotpEntry>)(entry => entry.TryUseRecoveryCode(code))),
        Gen.Const((Action<TotpEntry>)(entry => entry.SetNoticesTold())));

    [Fact]
    public void What_is_written_is_read_back_and_written_the_same() => Gen.Select(All, Edits.Array[0, 8]).Sample(
        (entry, edits) =>
        {
            byte[] file = Entries.File(entry);
            foreach (Action<TotpEntry> edit in edits)
            {
                edit(entry);
                Entries.Save(entry, file);
                using TotpEntry read = Entries.Read(file);
                Assert.Equal(Reads(entry), Reads(read));
            }

            using TotpEntry last = Entries.Read(file);
            Assert.Equal(file[..TotpEnrolment.TextBytes], Entries.File(last)[..TotpEnrolment.TextBytes]);
        },
        iter: 2000);

    /// <summary>Whole entries with a few bytes changed, moved or cut: what is read at all is what was written.</summary>
    [Fact]
    public void Nothing_throws_and_no_damage_to_the_text_is_read() => Gen.Select(
            All, Gen.Select(Gen.Int[0, TotpEntry.FileBytes - 1], Gen.Byte).Array[1, 4], Gen.Int[0, 20])
        .Sample(
            (entry, changes, cut) =>
            {
                byte[] file = Entries.File(entry);
                byte[] damaged = [.. file];
                foreach ((int at, byte value) in changes)
                {
                    damaged[at] = value;
                }

                damaged = cut == 0 ? damaged[..changes[0].Item1] : damaged;
                TotpFault fault = TotpEntry.TryParse(damaged, out TotpEntry? read);
                Assert.Equal(fault.Problem is TotpProblem.None, read is not null);
                Assert.NotEmpty(fault.ToString());
                if (read is not null)
                {
                    Assert.Equal(file[..(TotpEnrolment.TextBytes + TotpRecord.Bytes)],
                        damaged[..(TotpEnrolment.TextBytes + TotpRecord.Bytes)]);
                    read.Dispose();
                }
            },
            iter: 5000);

    [Fact]
    public void Any_bytes_are_answered() => Gen.Byte.Array[0, 700].Sample(
        bytes =>
        {
            byte[] file = new byte[TotpEntry.FileBytes];
            bytes.CopyTo(file, 0);
            "version = 1\n"u8.CopyTo(file);
            Assert.NotEqual(TotpProblem.None, Entries.Problem(file));
            Assert.NotEqual(TotpProblem.None, Entries.Problem(bytes));
        },
        iter: 5000);

    /// <summary>Lines made of names and values that mean something, under a checksum that fits.</summary>
    [Fact]
    public void Any_lines_under_a_right_checksum_are_answered() => Gen.Select(
            Gen.OneOf(
                "secret", "mode", "digits", "algorithm", "period", "window", "rate_limit", "reuse", "strict", "skew",
                "enrolled", "recovery_salt", "recovery_0", "recovery_9", "notice_0", "notice_7", "x"),
            Gen.OneOf("", " = ", "=", " ", "3", "30", "-1", "3 30", "off", "yes", "hotp", "MZXW6", "5 told", "é", "\0", "\n"))
        .Array[0, 6]
        .Sample(
            lines =>
            {
                string with = string.Concat(lines.Select(line => $"{line.Item1} = {line.Item2}\n"));
                byte[] file = Entries.Edited(Entries.File(Entries.Entry()), "notice_0 = 1 Enrolled by root\n", with);
                TotpFault fault = TotpEntry.TryParse(file, out TotpEntry? read);
                Assert.Equal(fault.Problem is TotpProblem.None, read is not null);
                read?.Dispose();
            },
            iter: 5000);

    private static string Reads(TotpEntry entry) => $"""
        {Convert.ToHexString(entry.Enrolment.Secret.Expose())} {entry.Enrolment.Settings} {entry.Enrolment.EnrolledAt}
        {string.Join('\n', entry.Enrolment.Notices)} {entry.RecoveryCodesLeft} {string.Join('\n', entry.PendingNotices)}
        {entry.Record with { SkewSamples = [], Attempts = [] }}
        {string.Join(' ', entry.SkewSamples)} {string.Join(' ', entry.Record.Attempts)}
        """;
}
