using Sallyport.Agent;

namespace Sallyport.Host.Tests.Agent;

/// <summary>The gate for clients that are never asked: it allows what was proven before, and nothing else.</summary>
public sealed class Given_a_session : IDisposable
{
    private const string Connection = "ssh_connection=192.0.2.7 50000 192.0.2.1 22";

    private readonly AgentUnderTest _agent = new();

    public Given_a_session() => _agent.Enrol("daemon", "\" TOTP_AUTH");

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void Of_a_connection_that_passed_auth_it_is_allowed_once()
    {
        Assert.Equal(AgentClient.Allow, Ask("auth", "daemon", Connection));

        Assert.Equal(AgentClient.Allow, Ask("session", "daemon", Connection));
        Assert.Equal(AgentClient.Deny, Ask("session", "daemon", Connection));
    }

    [Fact]
    public void Of_a_connection_that_never_asked_it_is_denied() =>
        Assert.Equal(AgentClient.Deny, Ask("session", "daemon", Connection));

    [Fact]
    public void Of_a_connection_that_failed_it_is_denied()
    {
        using AgentClient caller = _agent.Connect();
        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", Connection).Verdict("000000"));

        Assert.Equal(AgentClient.Deny, Ask("session", "daemon", Connection));
    }

    [Fact]
    public void Of_somebody_elses_connection_it_is_denied()
    {
        Assert.Equal(AgentClient.Allow, Ask("auth", "daemon", Connection));

        Assert.Equal(AgentClient.Deny, Ask("session", "bin", Connection));
        Assert.Equal(AgentClient.Deny, Ask("session", "daemon", "ssh_connection=192.0.2.7 50001 192.0.2.1 22"));
    }

    [Fact]
    public void That_comes_too_late_is_denied()
    {
        Assert.Equal(AgentClient.Allow, Ask("auth", "daemon", Connection));
        _agent.Clock.Advance(ConnectionMemory.Lifetime);

        Assert.Equal(AgentClient.Deny, Ask("session", "daemon", Connection));
    }

    [Fact]
    public void After_a_nullok_login_is_not_proven()
    {
        Assert.Equal(AgentClient.Ignore, Ask("auth", "bin", Connection, "arg=nullok"));

        Assert.Equal(AgentClient.Deny, Ask("session", "bin", Connection));
    }

    [Fact]
    public void Without_a_connection_it_is_denied()
    {
        Assert.Equal(AgentClient.Allow, Ask("auth", "daemon"));

        Assert.Equal(AgentClient.Deny, Ask("session", "daemon"));
    }

    [Fact]
    public void Of_the_handle_that_passed_auth_it_is_allowed() =>
        Assert.Equal(AgentClient.Allow, Ask("session", "daemon", "authenticated=yes"));

    [Fact]
    public void The_account_phase_never_allows()
    {
        Assert.Equal(AgentClient.Ignore, Ask("account", "daemon", "authenticated=yes"));
        Assert.Equal(AgentClient.Ignore, Ask("account", "daemon", Connection));
    }

    /// <summary>Unavailable lets nobody in but the account of the PAM line, and is for a session that nothing is known about.</summary>
    [Fact]
    public void With_a_configuration_that_cannot_be_read_it_is_unavailable_and_what_was_proven_stays()
    {
        Assert.Equal(AgentClient.Allow, Ask("auth", "daemon", Connection));
        _agent.Configure("[nonsense]\n");

        Assert.Equal(AgentClient.Unavailable, Ask("session", "bin"));
        Assert.Equal(AgentClient.Deny, Ask("auth", "bin"));
        Assert.Equal(AgentClient.Allow, Ask("session", "daemon", Connection));
        _agent.Configure("", (UnixFileMode)0x1A4); // 0644
        Assert.Equal(AgentClient.Unavailable, Ask("session", "bin"));
        File.Delete(_agent.ConfigurationPath);
        Assert.Equal(AgentClient.Unavailable, Ask("session", "bin"));
    }

    [Fact]
    public void A_caller_that_is_not_root_is_denied_whatever_the_configuration()
    {
        _agent.Configure("[nonsense]\n");
        using AgentClient caller = TestCalls.As(1, _agent.Connect);

        Assert.Equal(AgentClient.Deny, caller.Hello("session", "daemon").Verdict());
    }

    /// <summary>sshd runs sallyport-login for them next; the words are setup's, on PAM's session line.</summary>
    [Fact]
    public void Whom_sallyport_login_asks_next_it_is_allowed_and_not_those_who_need_their_key_alone()
    {
        Assert.Equal(AgentClient.Allow, Ask("session", "daemon", "arg=login_asks=all", "arg=key_alone=bin,sys"));
        Assert.Equal(AgentClient.Allow, Ask("session", "daemon", "arg=login_asks=sys,daemon", "arg=key_alone=bin"));
        Assert.Equal(AgentClient.Deny, Ask("session", "bin", "arg=login_asks=all", "arg=key_alone=bin,sys"));
        Assert.Equal(AgentClient.Deny, Ask("session", "sys", "arg=login_asks=all", "arg=key_alone=bin,sys"));
    }

    [Theory]
    [InlineData("arg=key_alone=bin")]
    [InlineData("arg=login_asks=")]
    [InlineData("arg=login_asks=sys")] // daemon is not in it
    [InlineData("arg=login_asks=no-such-group")]
    [InlineData("arg=login_asks=all", "arg=login_asks=all")]
    [InlineData("arg=login_asks=all", "arg=key_alone=bin", "arg=key_alone=sys")]
    [InlineData("login_asks=all")]
    public void By_other_words_nobody_is_allowed(params string[] fields)
    {
        Assert.Equal(AgentClient.Deny, Ask("session", "daemon", fields));
        Assert.Equal(AgentClient.Deny, Ask("session", "no-such-account", "arg=login_asks=all"));
        using AgentClient caller = TestCalls.As(1, _agent.Connect);
        Assert.Equal(AgentClient.Deny, caller.Hello("session", "daemon", "arg=login_asks=all").Verdict());
    }

    private byte? Ask(string op, string user, params string[] fields)
    {
        using AgentClient caller = _agent.Connect();
        return caller.Hello(op, user, fields).Verdict(AgentUnderTest.Passcode);
    }
}
