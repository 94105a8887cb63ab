using System.Text;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_an_enrolment_text
{
    [Fact]
    public void It_is_written_as_the_page_shows_it()
    {
        string salt = "000102030405060708090a0b0c0d0e0f";
        string text = Encoding.ASCII.GetString(Entries.File(Entries.Entry()), 0, TotpEnrolment.TextBytes).TrimEnd('\n');
        string[] lines = text.Split('\n');

        Assert.Equal(
            [
                "version = 1", "secret = GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "mode = totp", "digits = 6",
                "algorithm = sha1", "period = 30", "window = 3", "rate_limit = 3 30", "reuse = refuse", "strict = yes",
                "skew = yes", "enrolled = 1700000000", $"recovery_salt = {salt}",
            ],
            lines[..13]);
        Assert.StartsWith("recovery_0 = ", lines[13], StringComparison.Ordinal);
        Assert.StartsWith("recovery_1 = ", lines[14], StringComparison.Ordinal);
        Assert.Equal("notice_0 = 1 Enrolled by root", lines[15]);
        Assert.StartsWith("checksum = ", lines[16], StringComparison.Ordinal);
        Assert.Equal(17, lines.Length);
    }

    [Fact]
    public void Everything_in_it_is_read_back()
    {
        TotpSettings settings = new()
        {
            Mode = OtpMode.Hotp,
            Digits = 8,
            Algorithm = OtpAlgorithm.Sha512,
            PeriodSeconds = 60,
            Window = 100,
            Limit = null,
            RefusesReuse = false,
            IsStrict = false,
            LearnsSkew = false,
        };
        using TotpEntry entry = Entries.Read(Entries.File(Entries.Entry(settings)));

        Assert.Equal(settings, entry.Enrolment.Settings);
        Assert.Equal("12345678901234567890"u8, entry.Enrolment.Secret.Expose());
        Assert.Equal(1_700_000_000, entry.Enrolment.EnrolledAt);
        Assert.Equal([new Notice(1, "Enrolled by root")], entry.Enrolment.Notices);
        Assert.Equal(0, entry.Enrolment.RecoveryCodes.IndexOf(Entries.RecoveryCode));
        Assert.Equal(1, entry.Enrolment.RecoveryCodes.IndexOf(Entries.OtherRecoveryCode));
        Assert.Equal(-1, entry.Enrolment.RecoveryCodes.IndexOf(11111111));
    }

    [Fact]
    public void The_greatest_one_fits()
    {
        uint[] codes = [.. Enumerable.Range(0, RecoveryCodeHashes.MaxCodes).Select(i => 10_000_000u + (uint)i)];
        IReadOnlyList<Notice> notices =
        [
            .. Enumerable.Range(0, Notice.MaxNotices)
                .Select(i => new Notice(uint.MaxValue - 8 + (uint)i, new('é', Notice.MaxTextBytes / 2))),
        ];
        TotpSettings settings = Entries.Totp with { Algorithm = OtpAlgorithm.Sha512, Limit = new(100, 3600) };
        using TotpEntry entry = TotpEntry.Create(new(
            OtpSecret.FromBytes(new byte[TotpEnrolment.MaxSecretBytes]), settings, 1L << 60, Entries.Codes(codes), notices));

        using TotpEntry read = Entries.Read(Entries.File(entry));
        Assert.Equal(notices, read.Enrolment.Notices);
    }

    [Theory]
    [InlineData("version = 1\n", "version = 2\n", TotpProblem.Version)]
    [InlineData("version = 1\n", "", TotpProblem.Version)]
    [InlineData("mode = totp", "mode: totp", TotpProblem.Syntax)]
    [InlineData("mode = totp", "mode = ", TotpProblem.Syntax)]
    [InlineData("mode = totp\n", "mode = totp\n\n", TotpProblem.Syntax)]
    [InlineData("mode = totp", "colour = red", TotpProblem.UnknownName)]
    [InlineData("mode = totp", "Mode = totp", TotpProblem.UnknownName)]
    [InlineData("mode = totp", "mode = totp\nmode = totp", TotpProblem.Duplicate)]
    [InlineData("mode = totp\n", "", TotpProblem.Missing)]
    [InlineData("recovery_salt", "recovery_9", TotpProblem.Missing)]
    [InlineData("recovery_0 = ", "recovery_0 = 0", TotpProblem.BadValue)]
    [InlineData("recovery_1", "recovery_2", TotpProblem.NotCanonical)]
    [InlineData("mode = totp", "mode = none", TotpProblem.BadValue)]
    [InlineData("mode = totp", "mode = TOTP", TotpProblem.BadValue)]
    [InlineData("digits = 6", "digits = 9", TotpProblem.BadValue)]
    [InlineData("digits = 6", "digits = six", TotpProblem.BadValue)]
    [InlineData("algorithm = sha1", "algorithm = md5", TotpProblem.BadValue)]
    [InlineData("period = 30", "period = 0", TotpProblem.BadValue)]
    [InlineData("period = 30", "period = 61", TotpProblem.BadValue)]
    [InlineData("window = 3", "window = 101", TotpProblem.BadValue)]
    [InlineData("window = 3", "window = 99999999999999999999", TotpProblem.BadValue)]
    [InlineData("rate_limit = 3 30", "rate_limit = 3", TotpProblem.BadValue)]
    [InlineData("rate_limit = 3 30", "rate_limit = 101 30", TotpProblem.BadValue)]
    [InlineData("rate_limit = 3 30", "rate_limit = 3 3601", TotpProblem.BadValue)]
    [InlineData("reuse = refuse", "reuse = yes", TotpProblem.BadValue)]
    [InlineData("strict = yes", "strict = true", TotpProblem.BadValue)]
    [InlineData("skew = yes", "skew = 1", TotpProblem.BadValue)]
    [InlineData("enrolled = 1700000000", "enrolled = -1", TotpProblem.BadValue)]
    [InlineData("secret = GE", "secret = G!", TotpProblem.BadValue)]
    [InlineData("recovery_salt = 00", "recovery_salt = 0", TotpProblem.BadValue)]
    [InlineData("recovery_salt = 00", "recovery_salt = 0x", TotpProblem.BadValue)]
    [InlineData("notice_0 = 1 Enrolled", "notice_0 = Enrolled", TotpProblem.BadValue)]
    [InlineData("notice_0 = 1 Enrolled", "notice_0 = 0 Enrolled", TotpProblem.BadValue)]
    [InlineData("notice_0 = 1 Enrolled", "notice_0 = 1 \u001b[2JEnrolled", TotpProblem.BadValue)]
    [InlineData("window = 3", "window = 03", TotpProblem.NotCanonical)]
    [InlineData("window = 3", "window = +3", TotpProblem.NotCanonical)]
    [InlineData("secret = GE", "secret = ge", TotpProblem.NotCanonical)]
    [InlineData("period = 30\nwindow = 3", "window = 3\nperiod = 30", TotpProblem.NotCanonical)]
    [InlineData("notice_0", "notice_1", TotpProblem.NotCanonical)]
    public void What_is_wrong_with_it_is_said(string old, string with, TotpProblem problem)
    {
        byte[] file = Entries.File(Entries.Entry());

        Assert.Equal(problem, Entries.Problem(Entries.Edited(file, old, with)));
    }

    [Fact]
    public void The_line_that_is_wrong_is_named_and_not_quoted()
    {
        byte[] file = Entries.Edited(Entries.File(Entries.Entry()), "window = 3", "window = 0");

        Assert.Equal("line 7: a value that is not allowed", TotpEntry.TryParse(file, out _).ToString());
    }

    /// <summary>One bit anywhere in the text, its padding included.</summary>
    [Fact]
    public void No_byte_of_it_can_change_unseen()
    {
        byte[] file = Entries.File(Entries.Entry());

        Assert.All(Enumerable.Range(0, TotpEnrolment.TextBytes), i =>
        {
            byte[] other = [.. file];
            other[i] ^= 1;
            Assert.NotEqual(TotpProblem.None, Entries.Problem(other));
        });
    }

    [Fact]
    public void It_needs_its_checksum_in_the_last_line()
    {
        byte[] file = Entries.File(Entries.Entry());
        int checksum = Encoding.Latin1.GetString(file).IndexOf("checksum", StringComparison.Ordinal);
        byte[] without = [.. file];
        without.AsSpan(checksum, TotpEnrolment.TextBytes - checksum).Fill((byte)'\n');

        Assert.Equal(TotpProblem.Checksum, Entries.Problem(without));
    }

    [Fact]
    public void What_it_cannot_hold_is_refused()
    {
        using OtpSecret secret = Entries.Secret();

        Assert.Throws<ArgumentException>(() => new TotpEnrolment(
            OtpSecret.FromBytes(new byte[TotpEnrolment.MaxSecretBytes + 1]), Entries.Totp, 0));
        Assert.Throws<ArgumentException>(() => new TotpEnrolment(secret, new TotpSettings(), 0)); // no mode
        Assert.Throws<ArgumentException>(() => new TotpEnrolment(secret, Entries.Totp, -1));
        Assert.Throws<ArgumentException>(() => new TotpEnrolment(secret, Entries.Totp, 0, null, [new(2, "b"), new(1, "a")]));
        Assert.Throws<ArgumentException>(() => new TotpEnrolment(secret, Entries.Totp, 0, null, [new(1, "two\nlines")]));
        Assert.Throws<ArgumentException>(() => Entries.Codes(Entries.RecoveryCode, Entries.RecoveryCode));
        Assert.Throws<ArgumentException>(() => Entries.Codes(1234567));
        Assert.Throws<ArgumentException>(() => RecoveryCodeHashes.Of(new byte[15], [Entries.RecoveryCode]));
    }

    [Fact]
    public void Of_nine_notices_the_oldest_goes()
    {
        IReadOnlyList<Notice> notices = [];
        for (int i = 0; i < Notice.MaxNotices + 1; i++)
        {
            notices = TotpEnrolment.AfterChange(notices, $"change {i}");
        }

        Assert.Equal(Notice.MaxNotices, notices.Count);
        Assert.Equal((2u, "change 1"), (notices[0].Number, notices[0].Text));
        Assert.Equal((9u, "change 8"), (notices[^1].Number, notices[^1].Text));
    }
}
