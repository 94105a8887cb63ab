namespace Sallyport.Host.Tests.Agent;

public sealed class Given_root_asks : IDisposable
{
    private readonly AgentUnderTest _agent = new();

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void When_the_passcode_is_right_it_allows_and_says_so_in_the_callers_log()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon", "rhost=192.0.2.7").Verdict(AgentUnderTest.Passcode));
        Assert.Equal(["6 Accepted google_authenticator for daemon from 192.0.2.7"], caller.Logged);
        Assert.Contains("allow auth user=daemon", _agent.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("000000")]
    [InlineData("")]
    [InlineData("949556 ")]
    [InlineData("94955")]
    public void When_the_passcode_is_wrong_it_denies(string answer)
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon").Verdict(answer));
    }

    [Fact]
    public void When_the_same_passcode_comes_sixteen_times_at_once_one_gets_in()
    {
        _agent.Enrol("daemon", "\" DISALLOW_REUSE", "\" TOTP_AUTH");
        byte?[] verdicts = new byte?[16];

        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
        {
            using AgentClient caller = _agent.Connect();
            verdicts[i] = caller.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode);
        });

        Assert.Single(verdicts, AgentClient.Allow);
        Assert.Equal(15, verdicts.Count(v => v == AgentClient.Deny));
    }

    [Fact]
    public void When_two_different_passcodes_overlap_both_get_in()
    {
        _agent.Enrol("daemon", "\" DISALLOW_REUSE", "\" TOTP_AUTH");
        using AgentClient slow = _agent.Connect();
        using AgentClient quick = _agent.Connect();
        Assert.Null(slow.Hello("auth", "daemon").Verdict()); // is at the prompt

        Assert.Equal(AgentClient.Allow, quick.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
        Assert.Equal(AgentClient.Allow, slow.Send('A', AgentUnderTest.NextPasscode).Verdict());
    }

    [Fact]
    public void When_the_prompt_is_cancelled_it_counts_in_the_rate_limit()
    {
        _agent.Enrol("daemon", "\" RATE_LIMIT 3 30", "\" TOTP_AUTH");
        using AgentClient cancels = _agent.Connect();
        Assert.Null(cancels.Hello("auth", "daemon").Verdict());
        Assert.Equal(AgentClient.Deny, cancels.Send('X', "").Verdict());

        using (AgentClient leaves = _agent.Connect())
        {
            Assert.Null(leaves.Hello("auth", "daemon").Verdict());
        }

        Assert.True(SpinWait.SpinUntil(() => _agent.StateOf("daemon").Contains(
            "RATE_LIMIT 3 30 1000000000 1000000000\n", StringComparison.Ordinal), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void When_the_rate_limit_is_reached_it_says_how_long_and_the_block_ends_by_itself()
    {
        _agent.Enrol("daemon", "\" RATE_LIMIT 1 30", "\" TOTP_AUTH");
        using AgentClient first = _agent.Connect();
        Assert.Equal(AgentClient.Deny, first.Hello("auth", "daemon").Verdict("000000"));

        for (int second = 0; second <= 30; second += 10)
        {
            using AgentClient blocked = _agent.Connect();
            Assert.Equal(AgentClient.Deny, blocked.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
            Assert.Equal([$"EToo many tries. Try again in {31 - second} seconds."], blocked.Shown);
            _agent.Clock.Advance(TimeSpan.FromSeconds(10));
        }

        using AgentClient later = _agent.Connect();
        Assert.Equal(AgentClient.Allow, later.Hello("auth", "daemon").Verdict(AgentUnderTest.PasscodeAt(1)));
    }

    [Fact]
    public void When_nobody_is_enrolled_the_prompt_is_the_same()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        List<string>[] shown = [.. new[] { "daemon", "bin", "no-such-account" }.Select(user =>
        {
            using AgentClient caller = _agent.Connect();
            Assert.Equal(AgentClient.Deny, caller.Hello("auth", user).Verdict("000000"));
            return caller.Shown;
        })];

        Assert.Equal(["PVerification code: "], shown[0]);
        Assert.All(shown, s => Assert.Equal(shown[0], s));
    }

    [Theory]
    [InlineData("nullok", AgentClient.Ignore)]
    [InlineData("nonsense", AgentClient.Deny)]
    [InlineData("nullok=yes", AgentClient.Deny)]
    [InlineData("NULLOK", AgentClient.Deny)]
    public void When_nobody_is_enrolled_only_nullok_is_ignored(string argument, byte verdict)
    {
        using AgentClient caller = _agent.Connect();

        Assert.Equal(verdict, caller.Hello("auth", "daemon", "arg=" + argument).Verdict());
        Assert.Empty(caller.Shown);
    }

    [Theory]
    [InlineData("../daemon")]
    [InlineData(".daemon")]
    [InlineData("dae\nmon")]
    public void When_the_name_is_a_path_or_a_forged_line_it_asks_and_denies(string user)
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", user, "arg=nullok").Verdict(AgentUnderTest.Passcode));
        Assert.All(caller.Logged, line => Assert.DoesNotContain('\n', line));
    }

    [Fact]
    public void When_a_password_stands_before_the_code_it_is_handed_on()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Allow,
            caller.Hello("auth", "daemon", "arg=forward_pass").Verdict("pass word" + AgentUnderTest.Passcode));
        Assert.Equal("pass word", caller.Token);
    }

    [Fact]
    public void When_the_grace_period_covers_a_login_the_password_is_still_split_from_the_code()
    {
        _agent.Enrol("daemon", "\" DISALLOW_REUSE", "\" TOTP_AUTH", "\" LAST0 192.0.2.7 999999990");
        string[] line = ["rhost=192.0.2.7", "arg=forward_pass", "arg=grace_period=60"];
        using AgentClient withCode = _agent.Connect();
        using AgentClient passwordOnly = _agent.Connect();
        using AgentClient usedCode = _agent.Connect();

        Assert.Equal(AgentClient.Allow, withCode.Hello("auth", "daemon", line).Verdict("pw" + AgentUnderTest.Passcode));
        Assert.Equal("pw", withCode.Token);
        Assert.Equal(AgentClient.Allow, passwordOnly.Hello("auth", "daemon", line).Verdict("pw"));
        Assert.Equal("pw", passwordOnly.Token);
        Assert.Equal(AgentClient.Allow, usedCode.Hello("auth", "daemon", line).Verdict("pw" + AgentUnderTest.Passcode));
        Assert.Equal("pw", usedCode.Token);
    }

    [Fact]
    public void When_a_clock_is_learned_its_third_code_is_used_up()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH", "\" DISALLOW_REUSE");
        byte?[] verdicts = new byte?[4];
        for (int i = 0; i < 4; i++)
        {
            using AgentClient caller = _agent.Connect();
            verdicts[i] = caller.Hello("auth", "daemon").Verdict(AgentUnderTest.PasscodeAt(-1000 + Math.Min(i, 2)));
            _agent.Clock.Advance(i < 2 ? TimeSpan.FromSeconds(30) : TimeSpan.Zero);
        }

        Assert.Equal([AgentClient.Deny, AgentClient.Deny, AgentClient.Allow, AgentClient.Deny], verdicts);
    }

    [Fact]
    public void When_three_used_passcodes_come_back_in_a_row_they_teach_no_clock()
    {
        _agent.Enrol("daemon", "\" DISALLOW_REUSE", "\" TOTP_AUTH");
        byte? Try(int step)
        {
            using AgentClient caller = _agent.Connect();
            return caller.Hello("auth", "daemon").Verdict(AgentUnderTest.PasscodeAt(step));
        }

        foreach (int step in (int[])[0, 1, 2, 13]) // the last one drops the others from the list
        {
            _agent.Clock.SetUtcNow(DateTimeOffset.FromUnixTimeSeconds(1_000_000_000 + (30 * step)));
            Assert.Equal(AgentClient.Allow, Try(step));
        }

        for (int step = 0; step < 3; step++)
        {
            _agent.Clock.SetUtcNow(DateTimeOffset.FromUnixTimeSeconds(1_000_003_600 + (30 * step)));
            Assert.Equal(AgentClient.Deny, Try(step));
        }

        Assert.DoesNotContain("TIME_SKEW", _agent.StateOf("daemon"), StringComparison.Ordinal);
    }
}
