using System.Text;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_the_bytes_of_a_state_file
{
    [Theory]
    [InlineData(0, StateFileProblem.Size)]
    [InlineData(1, StateFileProblem.None)]
    [InlineData(65_536, StateFileProblem.None)]
    [InlineData(65_537, StateFileProblem.Size)]
    public void Their_number_is_limited(int size, StateFileProblem problem)
    {
        byte[] bytes = new byte[size];
        Array.Fill(bytes, (byte)'A');

        Assert.Equal(problem, StateFile.TryParse(bytes, out StateFile? file));
        Assert.Equal(problem is StateFileProblem.None, file is not null);
        file?.Dispose();
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("JBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n\0")]
    [InlineData("JBSWY3DP\0EHPK3PXP\n")]
    public void A_NUL_anywhere_is_refused(string text)
    {
        Assert.Equal(StateFileProblem.Nul, StateFile.TryParse(Encoding.Latin1.GetBytes(text), out StateFile? file));
        Assert.Null(file);
    }

    [Fact]
    public void The_zero_of_every_answer_is_no_allow()
    {
        Assert.NotEqual(StateFileProblem.None, default);
        Assert.Equal(OtpMode.None, default);
        Assert.NotEqual(RateLimitState.Absent, default);
        Assert.NotEqual(RateLimitState.Valid, default);
        Assert.NotEqual(LastLoginState.Valid, default);
    }
}

public sealed class Given_a_state_file : IDisposable
{
    private readonly StateFile _file = Parse("JBSWY3DPEHPK3PXP\n\" HOTP_COUNTER 1\n12345678\n");

    public void Dispose() => _file.Dispose();

    [Fact]
    public void It_prints_nothing() => Assert.Equal("[state file]", $"{_file}");

    [Fact]
    public void Its_text_is_a_copy()
    {
        _file.ToBytes()[0] = 0;

        Assert.Equal((byte)'J', _file.ToBytes()[0]);
    }

    [Fact]
    public void Writing_what_stands_there_already_changes_nothing()
    {
        _file.SetHotpCounter(1);
        Assert.False(_file.Changed);

        _file.SetHotpCounter(2);
        Assert.True(_file.Changed);
    }

    [Fact]
    public void A_wrong_recovery_code_changes_nothing()
    {
        Assert.False(_file.TryUseRecoveryCode(87654321));
        Assert.False(_file.Changed);
    }

    [Fact]
    public void It_may_outgrow_its_greatest_size_but_not_be_taken_to_be_written()
    {
        string secret = "JBSWY3DPEHPK3PXP\n";
        using StateFile file = Parse(secret + new string('#', StateFile.MaxBytes - secret.Length));
        Assert.True(file.Fits);

        file.SetTimeSkew(1);

        Assert.False(file.Fits);
        Assert.Throws<InvalidOperationException>(file.ToBytes);
    }

    [Fact]
    public void It_grows_by_more_than_the_room_it_began_with()
    {
        long[] steps = [.. Enumerable.Range(1_000_000_000, 500).Select(step => (long)step)];
        _file.SetUsedSteps(steps);
        _file.SetTimeSkew(7);
        _file.SetUsedSteps([]);

        Assert.Equal(
            "JBSWY3DPEHPK3PXP\n\" TIME_SKEW 7\n\" DISALLOW_REUSE \n\" HOTP_COUNTER 1\n12345678\n",
            Encoding.Latin1.GetString(_file.ToBytes()));
    }

    [Fact]
    public void Disposing_ends_its_use()
    {
        StateFile file = Parse("JBSWY3DPEHPK3PXP\n");
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(file.ToBytes);
        Assert.Throws<ObjectDisposedException>(() => file.TryGetSecret(out _));
        Assert.Throws<ObjectDisposedException>(() => file.SetTimeSkew(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_counter_that_would_leave_HOTP_mode_is_refused(long counter) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.SetHotpCounter(counter));

    [Theory]
    [InlineData(0, 30)]
    [InlineData(101, 30)]
    [InlineData(3, 0)]
    [InlineData(3, 3601)]
    public void A_rate_limit_that_could_not_be_read_back_is_refused(int attempts, int interval) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.SetRateLimit(new(attempts, interval, [])));

    [Fact]
    public void A_fourth_skew_sample_is_refused() =>
        Assert.Throws<ArgumentException>(() => _file.SetSkewSamples(new SkewSample[4]));

    [Fact]
    public void A_moment_or_skew_that_could_not_be_read_back_is_refused()
    {
        const long Beyond = (1L << 60) + 1;

        Assert.ThrowsAny<ArgumentException>(() => _file.SetUsedSteps([Beyond]));
        Assert.ThrowsAny<ArgumentException>(() => _file.SetUsedSteps([-Beyond]));
        Assert.ThrowsAny<ArgumentException>(() => _file.SetRateLimit(new(3, 30, [Beyond])));
        Assert.ThrowsAny<ArgumentException>(() => _file.SetSkewSamples([new(Beyond, 0)]));
        Assert.ThrowsAny<ArgumentException>(() => _file.SetSkewSamples([new(0, SkewSample.MaxSkew + 1)]));
        Assert.ThrowsAny<ArgumentException>(() => _file.SetSkewSamples([new(0, int.MinValue)]));
        Assert.False(_file.Changed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a_b")]
    [InlineData("a\nb")]
    [InlineData("höst")]
    public void A_host_that_could_not_be_read_back_is_refused(string host)
    {
        Assert.False(LastLogin.IsHost(host));
        Assert.Throws<ArgumentException>(() => _file.SetLastLogin(0, new(host, 1)));
    }

    [Fact]
    public void A_last_login_without_host_or_before_1970_is_refused()
    {
        Assert.Throws<ArgumentException>(() => _file.SetLastLogin(0, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.SetLastLogin(0, new("host", -1)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    public void There_are_ten_rows_of_last_logins(int index)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.TryGetLastLogin(index, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.SetLastLogin(index, new("host", 1)));
    }

    private static StateFile Parse(string text)
    {
        Assert.Equal(StateFileProblem.None, StateFile.TryParse(Encoding.Latin1.GetBytes(text), out StateFile? file));
        return file!;
    }
}
