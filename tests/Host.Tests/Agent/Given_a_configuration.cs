namespace Sallyport.Host.Tests.Agent;

public sealed class Given_a_configuration : IDisposable
{
    private readonly AgentUnderTest _agent = new();

    public Given_a_configuration() => _agent.Enrol("daemon", "\" TOTP_AUTH");

    public void Dispose() => _agent.Dispose();

    [Theory]
    [InlineData("[totp]\nsecrt = /x\n", ":2: unknown key 'secrt' in [totp]")]
    [InlineData("[topt]\n", ":1: unknown section [topt]")]
    [InlineData("secret = /x\n", ":1: 'secret' stands before any [section]")]
    [InlineData("[totp]\nsecret\n", ":2: 'secret' has no value (key = value)")]
    [InlineData("[totp]\nsecret = relative\n", ":2: cannot use 'relative' for secret: not an absolute path")]
    [InlineData("[totp]\nsecret = /a\n\n# again\nsecret = /b\n", ":5: 'secret' is set twice in [totp]")]
    [InlineData("[agent]\nstate_directory = x\n", ":2: cannot use 'x' for state_directory: not an absolute path")]
    public void That_is_wrong_refuses_every_login_and_names_file_and_line(string text, string problem)
    {
        _agent.Configure(text);

        Refused(_agent.ConfigurationPath + problem);
    }

    [Fact]
    public void That_others_may_read_refuses_every_login()
    {
        _agent.Configure("", (UnixFileMode)0x1A4); // 0644

        Refused($"{_agent.ConfigurationPath}: others may read or write it; close it: chmod 0600 {_agent.ConfigurationPath}");
    }

    [Fact]
    public void Of_another_owner_refuses_every_login()
    {
        Assert.Equal(0, TestCalls.chown(_agent.ConfigurationPath, 1, 1));

        Refused($"{_agent.ConfigurationPath}: owned by uid 1; make it root's: chown root {_agent.ConfigurationPath}");
    }

    [Fact]
    public void That_is_missing_refuses_every_login()
    {
        File.Delete(_agent.ConfigurationPath);

        Refused($"{_agent.ConfigurationPath}: cannot read it: No such file or directory");
    }

    [Fact]
    public void That_is_a_fifo_refuses_and_does_not_hang()
    {
        File.Delete(_agent.ConfigurationPath);
        Assert.Equal(0, TestCalls.mkfifo(_agent.ConfigurationPath, 0x180));

        Refused($"{_agent.ConfigurationPath}: not a regular file of at most 1 MiB");
    }

    [Fact]
    public void That_is_mended_holds_for_the_next_login()
    {
        string secret = _agent.StatePath("${USER}");
        _agent.Configure("[nonsense]\n");
        Refused($"{_agent.ConfigurationPath}:1: unknown section [nonsense]");
        _agent.Configure($"; back again\n[totp]\nsecret = {secret}\n");
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
    }

    private void Refused(string problem)
    {
        using AgentClient caller = _agent.Connect();
        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", "arg=nullok").Verdict(AgentUnderTest.Passcode));
        Assert.Empty(caller.Shown);
        Assert.Equal(["2 every login is refused: " + problem], caller.Logged);
    }
}
