using System.Buffers.Binary;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_an_entry_of_the_store
{
    private const int First = TotpEnrolment.TextBytes;
    private const int Second = First + TotpRecord.Bytes;

    [Fact]
    public void It_prints_nothing_of_itself()
    {
        using TotpEntry entry = Entries.Entry();

        Assert.Equal("[entry]", entry.ToString());
        Assert.Equal("[enrolment]", entry.Enrolment.ToString());
        Assert.Equal("[recovery codes]", entry.Enrolment.RecoveryCodes.ToString());
    }

    [Fact]
    public void Disposing_it_wipes_the_secret()
    {
        TotpEntry entry = Entries.Entry();
        entry.Dispose();

        Assert.Throws<ObjectDisposedException>(() => entry.Enrolment.Secret.Expose());
    }

    /// <summary>The layout of the page, with every number in its place.</summary>
    [Fact]
    public void A_record_is_laid_out_as_the_page_says()
    {
        byte[] file = Entries.File(Entries.Entry(record: new()
        {
            HighestStep = 0x0102030405060708,
            UsedSteps = new UInt128(0x1112131415161718, 0x2122232425262729),
            HotpCounter = 0x3132333435363738,
            TimeSkew = -2,
            UsedRecoveryCodes = 0x0201,
            LastNoticeTold = 0x41424344,
            SkewSamples = [new(0x0152535455565758, -3), new(7, 4)],
            Attempts = [1000, 1010, 1030],
        }));
        byte[] slot = file[First..Second];
        string hex = Convert.ToHexStringLower(slot);

        Assert.Equal("73707573656430310000000000000001", hex[..32]); // "spused01", sequence 1
        byte[] digest = new byte[Sha256.DigestBytes];
        Sha256.Hash("t12345678901234567890"u8, digest);
        Assert.Equal(digest[..16], slot[16..32]);
        Assert.Equal("0102030405060708" + "11121314151617182122232425262729" + "3132333435363738", hex[64..128]);
        Assert.Equal("fffffffe" + "0201" + "02" + "03" + "41424344" + "00000000", hex[128..160]);
        Assert.Equal("0152535455565758" + "fffffffd" + "0000000000000007" + "00000004", hex[160..208]);
        Assert.Equal("0000000000000406" + "001e" + "0014" + "0000", hex[240..268]); // 1030, then 30, 20 and 0 s before it
        Assert.All(slot[104..120].Concat(slot[134..496]), value => Assert.Equal(0, value));
        Sha256.Hash(slot.AsSpan(0, 496), digest);
        Assert.Equal(digest[..16], slot[496..]);
        Assert.All(file[Second..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Records_go_into_the_two_slots_by_turns()
    {
        using TotpEntry entry = Entries.Entry();
        byte[] file = Entries.File(entry);
        Assert.True(entry.IsFresh);

        for (long step = 10; step < 15; step++)
        {
            byte[] before = [.. file];
            Assert.Equal(StepUse.Used, entry.TryUseStep(new(step), 3));
            Entries.Save(entry, file);

            bool second = (step & 1) == 0;
            Assert.Equal(before[..First], file[..First]);
            Assert.Equal(second, before.AsSpan(First, 512).SequenceEqual(file.AsSpan(First, 512)));
            Assert.NotEqual(second, before.AsSpan(Second, 512).SequenceEqual(file.AsSpan(Second, 512)));
            using TotpEntry read = Entries.Read(file);
            Assert.Equal((step, false, false), (read.Record.HighestStep, read.Changed, read.IsFresh));
        }
    }

    [Fact]
    public void A_record_that_is_not_whole_leaves_the_one_before_it()
    {
        using TotpEntry entry = Entries.Entry();
        byte[] file = Entries.File(entry);
        entry.TryUseStep(new(10), 3);
        Entries.Save(entry, file);

        for (int i = 0; i < TotpRecord.Bytes; i++)
        {
            byte[] torn = [.. file];
            torn[Second + i] ^= 0x10;
            using TotpEntry read = Entries.Read(torn);
            Assert.Equal(-1, read.Record.HighestStep);
        }
    }

    [Fact]
    public void Without_a_whole_record_of_its_secret_it_is_refused()
    {
        byte[] file = Entries.File(Entries.Entry());
        byte[] none = [.. file];
        none[First] ^= 1;
        byte[] others = Entries.File(TotpEntry.Create(new(Entries.Secret("another secret"), Entries.Totp, 0)));
        byte[] transplanted = [.. file[..First], .. others[First..]];
        byte[] otherMode = [.. file[..First], .. Entries.File(Entries.Entry(new() { Mode = OtpMode.Hotp }))[First..]];
        byte[] twice = [.. file];
        file.AsSpan(First, TotpRecord.Bytes).CopyTo(twice.AsSpan(Second));

        Assert.All([none, transplanted, otherMode, twice], broken =>
            Assert.Equal(TotpProblem.NoRecord, Entries.Problem(broken)));
        Assert.All([0, First, TotpEntry.FileBytes - 1, TotpEntry.FileBytes + 1], size =>
            Assert.Equal(TotpProblem.Size, Entries.Problem(new byte[size])));
    }

    /// <summary>A record with a right checksum that nothing of ours would have written.</summary>
    [Theory]
    [InlineData(8, 0)] // sequence 0
    [InlineData(0, 'S')]
    [InlineData(32, 0x7f)] // a step beyond 2^60
    [InlineData(56, 0x80)] // a counter below zero
    [InlineData(70, 4)] // four samples
    [InlineData(71, 101)] // 101 attempts
    [InlineData(68, 0x04)] // an eleventh recovery code
    [InlineData(300, 1)] // an age without an attempt
    [InlineData(400, 1)] // what is to be zero
    public void A_record_that_nobody_would_write_does_not_count(int at, int value)
    {
        byte[] file = Entries.File(Entries.Entry());
        file[First + at] = (byte)value;
        if (at == 8)
        {
            BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(First + at), 0);
        }

        byte[] digest = new byte[Sha256.DigestBytes];
        Sha256.Hash(file.AsSpan(First, 496), digest);
        digest.AsSpan(0, 16).CopyTo(file.AsSpan(First + 496));

        Assert.Equal(TotpProblem.NoRecord, Entries.Problem(file));
    }

    [Fact]
    public void A_strict_entry_refuses_steps_up_to_the_highest()
    {
        using TotpEntry entry = Entries.Entry();

        Assert.Equal(StepUse.Used, entry.TryUseStep(new(100), 3));
        Assert.True(entry.Changed);
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(100), 3));
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(99), 3));
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(101), 3));
    }

    [Fact]
    public void An_entry_that_is_not_strict_remembers_128_steps()
    {
        using TotpEntry entry = Entries.Entry(Entries.Totp with { IsStrict = false });

        Assert.Equal(StepUse.Used, entry.TryUseStep(new(1000), 3));
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(998), 3));
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(998), 3));
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(873), 3));
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(872), 3)); // older than the bitmap: nobody knows any more
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(1001), 3));
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(1000), 3));
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(998), 3));
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(5000), 3));
        Assert.Equal(StepUse.UsedBefore, entry.TryUseStep(new(1001), 3));
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(4999), 3));
    }

    [Fact]
    public void A_step_that_a_record_cannot_hold_is_refused()
    {
        using TotpEntry entry = Entries.Entry();

        Assert.Equal(StepUse.Refused, entry.TryUseStep(new(-1), 3));
        Assert.Equal(StepUse.Refused, entry.TryUseStep(new((1L << 60) + 1), 3));
        Assert.Equal(StepUse.Refused, entry.TryUseStep(new(long.MaxValue), 3));
        Assert.False(entry.Changed);
    }

    [Fact]
    public void Where_reuse_is_allowed_nothing_is_noted()
    {
        using TotpEntry entry = Entries.Entry(Entries.Totp with { RefusesReuse = false });

        Assert.Equal(StepUse.Used, entry.TryUseStep(new(100), 3));
        Assert.Equal(StepUse.Used, entry.TryUseStep(new(100), 3));
        Assert.False(entry.Changed);
    }

    [Fact]
    public void A_recovery_code_of_an_entry_is_used_once()
    {
        using TotpEntry entry = Entries.Entry();

        Assert.False(entry.TryUseRecoveryCode(11111111));
        Assert.False(entry.TryUseRecoveryCode(5));
        Assert.False(entry.Changed);
        Assert.True(entry.TryUseRecoveryCode(Entries.RecoveryCode));
        Assert.False(entry.TryUseRecoveryCode(Entries.RecoveryCode));
        Assert.Equal(1, entry.RecoveryCodesLeft);
        Assert.True(entry.TryUseRecoveryCode(Entries.OtherRecoveryCode));
        Assert.Equal(0, entry.RecoveryCodesLeft);
    }

    [Fact]
    public void It_remembers_a_hundred_attempts()
    {
        using TotpEntry entry = Entries.Entry(Entries.Totp with { Limit = new(100, 3600) });
        byte[] file = Entries.File(entry);
        long[] stamps = [.. Enumerable.Range(0, 120).Select(i => 1_700_000_000L + (i * 30))];

        entry.SetRateLimit(new(100, 3600, stamps));
        Entries.Save(entry, file);
        using TotpEntry read = Entries.Read(file);

        Assert.Equal(RateLimitState.Valid, read.TryGetRateLimit(out RateLimit? limit));
        Assert.Equal((100, 3600), (limit!.Attempts, limit.IntervalSeconds));
        Assert.Equal(stamps[20..], limit.Stamps);
        read.SetRateLimit(limit with { Stamps = [1, 1_700_000_000] }); // an attempt of 1970 limits nothing
        Assert.Equal([1_700_000_000], read.Record.Attempts);
        Assert.Throws<ArgumentException>(() => read.SetRateLimit(limit with { Attempts = 99 }));
        Assert.Throws<ArgumentException>(() => read.SetRateLimit(limit with { Stamps = [-1] }));
    }

    [Fact]
    public void Without_a_limit_none_is_read()
    {
        using TotpEntry entry = Entries.Entry(Entries.Totp with { Limit = null });

        Assert.Equal(RateLimitState.Absent, entry.TryGetRateLimit(out RateLimit? limit));
        Assert.Null(limit);
        Assert.Throws<ArgumentException>(() => entry.SetRateLimit(new(3, 30, [])));
    }

    [Fact]
    public void What_a_record_cannot_hold_is_refused()
    {
        using TotpEntry entry = Entries.Entry();

        Assert.Throws<ArgumentOutOfRangeException>(() => entry.SetHotpCounter(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.SetTimeSkew(SkewSample.MaxSkew + 1));
        Assert.Throws<ArgumentException>(() => entry.SetSkewSamples(new SkewSample[4]));
        Assert.Throws<ArgumentException>(() => entry.SetSkewSamples([new(long.MinValue, 0)]));
        Assert.Throws<ArgumentException>(() => Entries.Entry(record: new() { HighestStep = -2 }));
        Assert.False(entry.Changed);
    }

    [Fact]
    public void A_notice_is_told_once()
    {
        using TotpEntry entry = Entries.Entry();

        Assert.Equal([new Notice(1, "Enrolled by root")], entry.PendingNotices);
        entry.SetNoticesTold();
        Assert.Empty(entry.PendingNotices);
        using TotpEntry next = entry.Replacement(entry.Enrolment.WithNotice("Changed by root"));
        Assert.Equal([new Notice(2, "Changed by root")], next.PendingNotices);
    }

    [Fact]
    public void New_recovery_codes_leave_all_else_used_up()
    {
        using TotpEntry entry = Used();
        using TotpEntry next = entry.Replacement(entry.Enrolment.WithRecoveryCodes(Entries.Codes(55555555)));

        Assert.Equal(entry.Record with { UsedRecoveryCodes = 0 }, next.Record);
        Assert.True(next.TryUseRecoveryCode(55555555));
        Assert.False(next.TryUseRecoveryCode(Entries.OtherRecoveryCode));
    }

    [Fact]
    public void New_settings_leave_all_used_up()
    {
        using TotpEntry entry = Used();
        using TotpEntry next = entry.Replacement(entry.Enrolment.WithSettings(Entries.Totp with { Window = 17 }));

        Assert.Equal(entry.Record, next.Record);
        Assert.Equal(17, next.Enrolment.Settings.Window);
    }

    /// <summary>Steps of another length are other steps; those of another secret say nothing about this one.</summary>
    [Fact]
    public void A_new_secret_or_period_begins_anew_but_for_the_attempts()
    {
        using TotpEntry entry = Used();
        using TotpEntry slower = entry.Replacement(entry.Enrolment.WithSettings(Entries.Totp with { PeriodSeconds = 60 }));
        using TotpEntry other = entry.Replacement(new(Entries.Secret("another"), Entries.Totp, 0, Entries.Codes(55555555)));

        Assert.Equal((-1, 0), (slower.Record.HighestStep, slower.Record.TimeSkew));
        Assert.Equal((-1, 0), (other.Record.HighestStep, other.Record.TimeSkew));
        Assert.Equal(1, slower.RecoveryCodesLeft);
        Assert.Equal(1, other.RecoveryCodesLeft);
        Assert.Equal([1_700_000_000], slower.Record.Attempts);
        Assert.Equal([1_700_000_000], other.Record.Attempts);
        Assert.Empty(other.PendingNotices);
    }

    private static TotpEntry Used()
    {
        TotpEntry entry = Entries.Entry();
        entry.TryUseStep(new(100), 3);
        entry.SetTimeSkew(5);
        entry.TryUseRecoveryCode(Entries.RecoveryCode);
        entry.SetRateLimit(new(3, 30, [1_700_000_000]));
        entry.SetNoticesTold();
        return entry;
    }
}
