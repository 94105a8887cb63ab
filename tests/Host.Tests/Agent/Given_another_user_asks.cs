using Sallyport.Agent;

namespace Sallyport.Host.Tests.Agent;

/// <summary>docs/formats/agent-protocol.md, "Who may say what" and "Limits".</summary>
public sealed class Given_another_user_asks : IDisposable
{
    private const uint Daemon = 1;
    private const uint Bin = 2;
    private const uint NoAccount = 54_321;
    private const uint Overflow = 65_534;

    private readonly AgentUnderTest _agent = new();

    public void Dispose() => _agent.Dispose();

    private AgentClient ConnectAs(uint uid) => TestCalls.As(uid, _agent.Connect);

    [Fact]
    public void When_it_is_about_himself_he_is_asked()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
    }

    /// <summary>DUO_PASSCODE of sallyport-login, where there is no [duo].</summary>
    [Fact]
    public void His_login_without_a_terminal_is_proven_by_the_passcode_that_came_along_and_by_nothing_else()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        byte? LogIn(params string[] fields)
        {
            using AgentClient caller = ConnectAs(Daemon);
            byte? verdict = caller.Hello("login", "daemon", ["headless=yes", .. fields]).Verdict(AgentUnderTest.Passcode);
            Assert.DoesNotContain(caller.Shown, text => text[0] is 'P' or 'Q');
            return verdict;
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(AgentClient.Deny, LogIn()); // no try, so none is counted
        }

        Assert.Equal(AgentClient.Deny, LogIn("authtok=000000"));
        Assert.Equal(AgentClient.Allow, LogIn($"authtok={AgentUnderTest.Passcode}"));
        Assert.Equal(AgentClient.Deny, LogIn("authtok="));
        Assert.Equal(AgentClient.Deny, LogIn($"authtok={AgentUnderTest.NextPasscode}")); // the fourth in half a minute
    }

    [Theory]
    [InlineData("bin")]
    [InlineData("root")]
    [InlineData("no-such-account")]
    public void When_it_is_about_somebody_else_he_is_refused_without_a_prompt(string user)
    {
        _agent.Enrol("bin", "\" TOTP_AUTH");
        _agent.Enrol("root", "\" TOTP_AUTH");
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", user).Verdict(AgentUnderTest.Passcode));
        Assert.Empty(caller.Shown);
    }

    [Fact]
    public void His_module_arguments_are_not_believed()
    {
        using AgentClient nullok = ConnectAs(Daemon);
        using AgentClient secret = ConnectAs(Daemon);
        File.WriteAllText(_agent.Path("mine"), "JBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n");
        Assert.Equal(0, TestCalls.chown(_agent.Path("mine"), Daemon, 0));

        Assert.Equal(AgentClient.Deny, nullok.Hello("auth", "daemon", "arg=nullok").Verdict("000000"));
        Assert.Equal(AgentClient.Deny, secret.Hello("auth", "daemon", "arg=secret=" + _agent.Path("mine"))
            .Verdict(AgentUnderTest.Passcode));
    }

    [Fact]
    public void His_address_and_his_token_are_not_believed()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH", "\" LAST0 192.0.2.7 999999990");
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", "rhost=192.0.2.7", "arg=grace_period=60",
            "arg=use_first_pass", "authtok=" + AgentUnderTest.Passcode).Verdict("000000"));
        Assert.Equal(["PVerification code: "], caller.Shown);
    }

    [Fact]
    public void His_failures_leave_no_trace_in_the_file()
    {
        _agent.Enrol("daemon", "\" RATE_LIMIT 1 3600", "\" HOTP_COUNTER 5");
        string before = _agent.StateOf("daemon");
        for (int i = 0; i < 2; i++)
        {
            using AgentClient caller = ConnectAs(Daemon);
            Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon").Verdict("000000"));
        }

        Assert.Equal(before, _agent.StateOf("daemon"));
    }

    [Fact]
    public void His_failures_teach_no_clock()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        string before = _agent.StateOf("daemon");
        using AgentClient caller = ConnectAs(Daemon);

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon").Verdict(AgentUnderTest.PasscodeAt(100)));
        Assert.Equal(before, _agent.StateOf("daemon"));
    }

    [Fact]
    public void He_has_a_limit_of_his_own_and_root_is_still_served()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        for (int i = 0; i < Callers.Attempts; i++)
        {
            using AgentClient caller = ConnectAs(Daemon);
            Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon").Verdict("000000"));
        }

        using AgentClient blocked = ConnectAs(Daemon);
        Assert.Equal(AgentClient.Deny, blocked.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
        Assert.Equal(["EToo many tries. Try again in 31 seconds."], blocked.Shown);

        using AgentClient other = ConnectAs(Bin);
        Assert.Null(other.Hello("auth", "bin").Verdict()); // asked

        using AgentClient root = _agent.Connect();
        Assert.Equal(AgentClient.Allow, root.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
    }

    [Fact]
    public void His_passcode_is_used_up_for_everybody()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH", "\" DISALLOW_REUSE");
        using AgentClient caller = ConnectAs(Daemon);
        using AgentClient root = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
        Assert.Equal(AgentClient.Deny, root.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
    }

    [Fact]
    public void His_verdict_proves_no_connection()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        const string connection = "ssh_connection=192.0.2.7 50000 192.0.2.1 22";
        using AgentClient caller = ConnectAs(Daemon);
        using AgentClient own = ConnectAs(Daemon);
        using AgentClient sshd = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon", connection).Verdict(AgentUnderTest.Passcode));
        Assert.Equal(AgentClient.Deny, own.Hello("session", "daemon", connection, "authenticated=yes").Verdict());
        Assert.Equal(AgentClient.Deny, sshd.Hello("session", "daemon", connection).Verdict());
    }

    [Theory]
    [InlineData(NoAccount)]
    [InlineData(Overflow)]
    public void When_the_kernel_cannot_name_him_he_is_refused_without_a_word(uint uid)
    {
        using AgentClient caller = ConnectAs(uid);

        Assert.True(caller.Hello("auth", "nobody").IsClosed());
    }

    [Fact]
    public void His_ninth_connection_is_closed_and_root_is_still_served()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        AgentClient[] open = [.. Enumerable.Range(0, Callers.EachUid).Select(_ => HoldPlace(Daemon))];
        using AgentClient ninth = ConnectAs(Daemon);
        using AgentClient root = _agent.Connect();

        Assert.True(ninth.Hello("auth", "daemon").IsClosed());
        Assert.Equal(AgentClient.Allow, root.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
        Array.ForEach(open, caller => caller.Dispose());
    }

    // Half a hello holds a place for two seconds; a prompt would hold it longer, but only three of them are given.
    private AgentClient HoldPlace(uint uid) => ConnectAs(uid).SendRaw((byte)'H');

    [Fact]
    public void Su_that_he_starts_counts_as_his()
    {
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        AgentClient[] su = [.. Enumerable.Range(0, Callers.EachUid).Select(_ => _agent.Connect().Hello("auth", "daemon", "uid=1"))];
        Assert.All(su, caller => Assert.Null(caller.Verdict())); // all at the prompt
        using AgentClient ninth = _agent.Connect();
        using AgentClient sshd = _agent.Connect();

        Assert.Equal(AgentClient.Deny, ninth.Hello("auth", "daemon", "uid=1").Verdict(AgentUnderTest.Passcode));
        Assert.Empty(ninth.Shown);
        Assert.Equal(AgentClient.Allow, sshd.Hello("auth", "daemon", "uid=0").Verdict(AgentUnderTest.Passcode));
        Array.ForEach(su, caller => caller.Dispose());
    }

    [Fact]
    public void He_cannot_fill_the_log()
    {
        for (int i = 0; i < 3 * Callers.LinesInMinute; i++)
        {
            using AgentClient caller = ConnectAs(Daemon);
            Assert.True(caller.Send('H', "nonsense").IsClosed());
        }

        Assert.InRange(_agent.Log.Split('\n').Length, 2, Callers.LinesInMinute + 1);
    }

    [Fact]
    public void All_others_together_leave_room_for_root()
    {
        // Eight accounts with eight places each are the 64 that there are; the accounts are those of Debian's base-passwd.
        uint[] uids = [1, 2, 3, 4, 5, 6, 7, 8];
        _agent.Enrol("daemon", "\" TOTP_AUTH");
        AgentClient[] open = [.. uids.SelectMany(uid => Enumerable.Range(0, Callers.EachUid).Select(_ => HoldPlace(uid)))];
        using AgentClient next = ConnectAs(9);
        using AgentClient root = _agent.Connect();

        Assert.Equal(Callers.AllButRoot, open.Length);
        Assert.True(next.Hello("auth", "news").IsClosed());
        Assert.Equal(AgentClient.Allow, root.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
        Array.ForEach(open, caller => caller.Dispose());
    }
}
