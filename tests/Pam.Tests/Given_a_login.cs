namespace Sallyport.Pam.Tests;

/// <summary>What the shim says about it in its hello.</summary>
public sealed class Given_a_login
{
    private const string Token = "pass=word\n";

    [Fact]
    public async Task Every_item_and_argument_is_said_verbatim_and_in_order()
    {
        (string hello, string socket) = await HelloAsync(
            ["-u", "ada=x\ny", "-s", "sshd", "-r", "root", "-R", "2001:db8::1", "-t", "ssh",
             "-e", "SSH_CONNECTION=192.0.2.1 40000 192.0.2.2 22", "-e", "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\n",
             "-e", "SSH_CONNECTION_2=no", "-k", Token],
            "auth",
            "nullok", "secret=/etc/x=${USER}", "try_first_pass", "authtok_prompt=Code:\n", "", "nullok", "Socket=x");

        Assert.Equal(
            "version=1\0op=auth\0user=ada=x\ny\0service=sshd\0ruser=root\0rhost=2001:db8::1\0tty=ssh\0uid=0\0"
            + "ssh_connection=192.0.2.1 40000 192.0.2.2 22\0ssh_auth_info=publickey ssh-ed25519 AAAA\n\0"
            + "arg=nullok\0arg=secret=/etc/x=${USER}\0arg=try_first_pass\0arg=authtok_prompt=Code:\n\0arg=\0arg=nullok\0"
            + $"arg=Socket=x\0authtok={Token}\0",
            hello);
        Assert.DoesNotContain(socket, hello, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_set_is_left_out()
    {
        (string hello, _) = await HelloAsync(["-s", "-"], "auth");

        Assert.Equal("version=1\0op=auth\0user=ada\0uid=0\0", hello);
    }

    [Theory]
    [InlineData("use_first_pass", true)]
    [InlineData("try_first_pass", true)]
    [InlineData("forward_pass", false)]
    [InlineData("use_first_pass=yes", false)]
    [InlineData("USE_FIRST_PASS", false)]
    public async Task The_token_is_said_only_where_an_argument_asks_for_it(string argument, bool said)
    {
        (string hello, _) = await HelloAsync(["-k", Token], "auth", argument);

        Assert.Equal(said, hello.Contains("authtok=", StringComparison.Ordinal));
        Assert.Equal(said, hello.Contains(Token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("account")]
    [InlineData("session")]
    public async Task The_token_is_not_said_after_auth(string op)
    {
        (string hello, _) = await HelloAsync(["-k", Token], op, "use_first_pass");

        Assert.Equal($"version=1\0op={op}\0user=ada\0service=sshd\0uid=0\0arg=use_first_pass\0", hello);
    }

    [Theory]
    [InlineData("auth", "-u", "-")]
    [InlineData("auth", "-u", "")]
    [InlineData("auth", "-U")]
    [InlineData("account", "-u", "-")]
    [InlineData("session", "-u", "-")]
    public async Task When_nobody_says_who_logs_in_the_agent_is_not_asked(string op, params string[] options)
    {
        await using var agent = new LyingAgent(peer => peer.UntilClosedAsync());

        ShimCall call = await Shim.AskAsync(agent, op, options);

        call.AssertRefused(op, "does not say who logs in");
        Assert.Equal(0, agent.Connections);
    }

    [Fact]
    public async Task When_socket_is_given_twice_the_last_counts()
    {
        (string hello, _) = await HelloAsync([], "auth", "socket=/nonexistent");

        Assert.Equal("version=1\0op=auth\0user=ada\0service=sshd\0uid=0\0", hello);
    }

    [Theory]
    [InlineData(Frame.MaxPayload, true)]
    [InlineData(Frame.MaxPayload + 1, false)]
    [InlineData(Frame.MaxPayload + 30000, false)]
    public async Task When_the_hello_is_longer_than_a_frame_the_agent_is_not_asked(int length, bool asked)
    {
        string argument = new('x', length - "version=1\0op=auth\0user=ada\0service=sshd\0uid=0\0arg=\0".Length);
        string hello = "";
        await using var agent = new LyingAgent(async peer =>
        {
            hello = await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Allow);
        });

        ShimCall call = Assert.Single(await Shim.RunAsync("auth", argument, $"socket={agent.SocketPath}"));

        Assert.Equal(asked ? PamCode.Success : PamCode.AuthenticationError, call.Code);
        Assert.Equal(asked ? length : 0, hello.Length);
        Assert.Equal(asked ? 1 : 0, agent.Connections);
    }

    [Fact]
    public async Task The_phases_after_an_allow_say_that_the_handle_was_allowed()
    {
        Assert.Equal(["", "yes", "yes"], await AuthenticatedAsync("auth,account,session", 1, 2, 1));
    }

    [Fact]
    public async Task A_later_refusal_takes_it_back()
    {
        Assert.Equal(["", "", "", ""], await AuthenticatedAsync("auth,auth,account,session", 1, 3, 2, 1));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(0)]
    public async Task Any_verdict_but_allow_is_none(int verdict)
    {
        Assert.Equal(["", "", ""], await AuthenticatedAsync("auth,account,session", verdict, 2, 1));
    }

    [Fact]
    public async Task An_ignore_takes_it_back()
    {
        Assert.Equal(["", "", ""], await AuthenticatedAsync("auth,auth,session", 1, 2, 1));
    }

    [Fact]
    public async Task A_session_alone_was_not_allowed_even_where_the_one_before_was()
    {
        Assert.Equal(["", ""], await AuthenticatedAsync("account,session", 2, 1));
    }

    private static async Task<string[]> AuthenticatedAsync(string ops, params int[] verdicts)
    {
        var said = new List<string>();
        await using var agent = new LyingAgent(async peer =>
        {
            string[] fields = (await peer.ReceiveAsync('H')).Split('\0');
            said.Add(fields.SingleOrDefault(field => field.StartsWith("authenticated=", StringComparison.Ordinal))?[14..] ?? "");
            await peer.SendAsync(Frame.Verdict(verdicts[peer.Number]));
        });

        await Shim.RunAsync(ops, $"socket={agent.SocketPath}");

        return [.. said];
    }

    private static async Task<(string Hello, string Socket)> HelloAsync(
        string[] options, string op, params string[] arguments)
    {
        string hello = "";
        await using var agent = new LyingAgent(async peer =>
        {
            hello = await peer.ReceiveAsync('H');
            await peer.SendAsync(Frame.Verdict(op == "account" ? 2 : 1));
        });

        ShimCall call = Assert.Single(
            await Shim.RunAsync([.. options, op, .. arguments, $"socket={agent.SocketPath}"]));

        Assert.Equal(op == "account" ? PamCode.Ignore : PamCode.Success, call.Code);
        return (hello, agent.SocketPath);
    }
}
