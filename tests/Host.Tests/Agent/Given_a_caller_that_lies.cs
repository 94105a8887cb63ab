namespace Sallyport.Host.Tests.Agent;

public sealed class Given_a_caller_that_lies : IDisposable
{
    private readonly AgentUnderTest _agent = new();

    public Given_a_caller_that_lies() => _agent.Enrol("daemon", "\" TOTP_AUTH", "\" RATE_LIMIT 100 3600");

    public void Dispose()
    {
        // Whatever he said, the next login is served.
        using (AgentClient next = _agent.Connect())
        {
            Assert.Equal(AgentClient.Allow, next.Hello("auth", "daemon").Verdict(AgentUnderTest.Passcode));
        }

        _agent.Dispose();
    }

    public static TheoryData<string> BadHellos() => new(
        "",
        "version=1\0op=auth\0user=daemon", // no NUL at the end
        "version=1\0op=auth\0user=daemon\0user=bin\0",
        "version=1\0op=auth\0user=daemon\0rhost=a\0rhost=b\0",
        "version=1\0op=auth\0user=daemon\0authtok=a\0authtok=b\0",
        "version=1\0op=session\0user=daemon\0authenticated=no\0authenticated=yes\0",
        "version=1\0op=session\0user=daemon\0authenticated=no\0",
        "version=1\0op=auth\0user=daemon\0uid=0\0uid=0\0",
        "version=1\0op=auth\0user=daemon\0ruser=a\0ruser=a\0",
        "version=1\0op=auth\0user=daemon\0ssh_auth_info=a\0ssh_auth_info=a\0",
        "version=1\0version=1\0op=auth\0user=daemon\0",
        "version=1\0op=auth\0op=auth\0user=daemon\0",
        "version=1\0op=auth\0user=daemon\0nonsense\0",
        "version=1\0op=auth\0user=daemon\0=x\0",
        "version=1\0op=auth\0user=daemon\0\0",
        "op=auth\0user=daemon\0",
        "version=2\0op=auth\0user=daemon\0",
        "version=1\0user=daemon\0",
        "version=1\0op=\0user=daemon\0",
        "version=1\0op=setcred\0user=daemon\0",
        "version=1\0op=auth\0",
        "version=1\0op=auth\0user=\0");

    [Theory]
    [MemberData(nameof(BadHellos))]
    public void A_bad_hello_ends_without_prompt_or_verdict(string hello)
    {
        using AgentClient caller = _agent.Connect();

        Assert.True(caller.Send('H', hello).IsClosed());
    }

    [Fact]
    public void A_field_of_a_newer_caller_is_passed_over()
    {
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Allow, caller.Hello("auth", "daemon", "colour=green").Verdict(AgentUnderTest.Passcode));
    }

    [Theory]
    [InlineData('A')]
    [InlineData('X')]
    [InlineData('V')]
    [InlineData('\0')]
    public void Another_first_frame_ends_without_a_word(char type)
    {
        using AgentClient caller = _agent.Connect();

        Assert.True(caller.Send(type, "version=1\0op=auth\0user=daemon\0").IsClosed());
    }

    [Fact]
    public void A_length_over_the_limit_ends_without_a_word()
    {
        using AgentClient caller = _agent.Connect();

        Assert.True(caller.SendRaw((byte)'H', 0, 1, 0, 1).IsClosed());
    }

    [Fact]
    public void What_it_says_cannot_forge_a_line_of_a_log()
    {
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon", "rhost=192.0.2.7\nroot\u001b[2J", "service=s\nx").Verdict("000000"));
        Assert.All(caller.Logged, line => Assert.DoesNotContain(line, char.IsControl));
        Assert.DoesNotContain(_agent.Log, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain("\nroot", _agent.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("\nx", _agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hello_that_does_not_come_is_not_waited_for()
    {
        using AgentClient nothing = _agent.Connect();
        using AgentClient half = _agent.Connect();
        long begun = System.Diagnostics.Stopwatch.GetTimestamp();
        half.SendRaw((byte)'H', 0, 0, 0, 40, (byte)'v');

        Assert.True(nothing.IsClosed());
        Assert.True(half.IsClosed());
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalSeconds, 1, 3.5);
    }

    [Theory]
    [InlineData('H', AgentUnderTest.Passcode)]
    [InlineData('V', "\u0001")]
    [InlineData('T', AgentUnderTest.Passcode)]
    [InlineData('X', AgentUnderTest.Passcode)]
    public void Anything_but_an_answer_to_a_prompt_is_no_answer(char type, string payload)
    {
        using AgentClient caller = _agent.Connect();
        Assert.Null(caller.Hello("auth", "daemon").Verdict()); // at the prompt

        Assert.NotEqual(AgentClient.Allow, caller.Send(type, payload).Verdict());
    }

    [Fact]
    public void An_answer_of_the_greatest_length_is_only_a_wrong_answer()
    {
        using AgentClient caller = _agent.Connect();

        Assert.Equal(AgentClient.Deny, caller.Hello("auth", "daemon").Verdict(new string('9', 65_536)));
    }

    [Fact]
    public void A_hello_in_single_bytes_is_a_hello()
    {
        using AgentClient caller = _agent.Connect();
        byte[] hello = "version=1\0op=auth\0user=daemon\0"u8.ToArray();
        foreach (byte b in (byte[])[(byte)'H', 0, 0, 0, (byte)hello.Length, .. hello])
        {
            caller.SendRaw(b);
        }

        Assert.Equal(AgentClient.Allow, caller.Verdict(AgentUnderTest.Passcode));
    }
}
