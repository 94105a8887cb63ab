using Sallyport.Host.Tests.Agent;

namespace Sallyport.Host.Tests.Duo;

/// <summary>op=login: what sallyport-login asks, as the user himself or as root.</summary>
public sealed class Given_sallyport_login
{
    private const uint Daemon = 1;
    private const uint Bin = 2;

    [Fact]
    public async Task Headless_it_waits_for_the_usual_factor_and_says_nothing()
    {
        await using DuoAgent host = new("pushinfo = yes");

        (byte? verdict, IReadOnlyList<string> shown) = host.LogIn(
            Daemon, ["headless=yes", "command=rsync --server", "ssh_connection=198.51.100.9 5 192.0.2.2 22"]);

        Assert.Equal(AgentClient.Allow, verdict);
        Assert.Empty(shown);
        FakeRequest preauth = host.Service.Requests.First(request => request.Path == "/auth/v2/preauth");
        Assert.False(preauth.Parameters.ContainsKey("ipaddr")); // his own word
        Assert.Equal(
            "Server+IP=192.0.2.2&Client+IP+by+its+own+word=198.51.100.9&Command=rsync%20--server",
            Assert.Single(host.Service.Pushed));
    }

    [Fact]
    public async Task Headless_it_says_the_number_that_has_to_be_typed_on_the_phone()
    {
        await using DuoAgent host = new();
        host.Service.IsOurs = true;
        host.Service.Number = "42";
        host.Service.ApprovesAfter = null;
        using AgentClient login = TestCalls.As(Daemon, host.Agent.Connect);

        Task<byte?> verdict = Task.Run(() => login.Hello("login", "daemon", "headless=yes", "command=true").Verdict());
        while (login.Shown.Count == 0 && !verdict.IsCompleted)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.False(verdict.IsCompleted, "it is said while it waits");
        Assert.Equal(["EPushed a login request to your device...42"], login.Shown);
    }

    [Fact]
    public async Task At_a_terminal_it_shows_the_menu_and_what_the_server_says()
    {
        await using DuoAgent host = new();

        (byte? verdict, IReadOnlyList<string> shown) = host.LogIn(Daemon, [], "1");

        Assert.Equal(AgentClient.Allow, verdict);
        Assert.Equal(
            ["Q" + host.Service.Menu, "IPushed a login request to your device...", "ISuccess. Logging you in..."],
            shown);
    }

    [Fact]
    public async Task A_passcode_that_came_along_is_used_where_that_is_allowed()
    {
        await using DuoAgent host = new("accept_env_factor = yes");
        Assert.Equal(AgentClient.Allow, host.LogIn(Daemon, ["headless=yes", "authtok=123456"]).Verdict);
        Assert.Equal(AgentClient.Deny, host.LogIn(Daemon, ["headless=yes", "authtok=654321"]).Verdict);
        Assert.Empty(host.Service.Pushed);

        host.Configure("");
        Assert.Equal(AgentClient.Allow, host.LogIn(Daemon, ["headless=yes", "authtok=654321"]).Verdict);
        Assert.Single(host.Service.Pushed); // it was not looked at
    }

    [Fact]
    public async Task Only_root_gives_another_name_or_an_address()
    {
        await using DuoAgent host = new();

        host.LogIn(Daemon, ["headless=yes", "duo_user=alice", "rhost=198.51.100.9"]);
        host.LogIn(0, ["headless=yes", "duo_user=alice", "rhost=198.51.100.9"]);

        FakeRequest[] asked = [.. host.Service.Requests.Where(request => request.Path == "/auth/v2/preauth")];
        Assert.Equal(["daemon", "alice"], asked.Select(request => request.Parameters["username"]));
        Assert.False(asked[0].Parameters.ContainsKey("ipaddr"));
        Assert.Equal("198.51.100.9", asked[1].Parameters["ipaddr"]);
    }

    [Fact]
    public async Task Nobody_asks_for_another()
    {
        await using DuoAgent host = new();

        Assert.Equal(AgentClient.Deny, host.LogIn(Bin, ["headless=yes"]).Verdict);
        Assert.Empty(host.Service.Requests);
    }

    [Fact]
    public async Task It_passes_no_session_and_no_hop()
    {
        await using DuoAgent host = new();
        Assert.Equal(AgentClient.Allow, host.LogIn(Daemon, ["headless=yes", "ssh_connection=1 2 3 4"]).Verdict);

        using AgentClient root = host.Agent.Connect();
        Assert.Equal(AgentClient.Deny, root.Hello("session", "daemon", "ssh_connection=1 2 3 4").Verdict());
    }

    [Theory]
    [InlineData("")]
    [InlineData("groups = no-such-group-1")]
    public async Task Passcodes_of_this_host_are_no_faster_to_guess_by_it(string duo)
    {
        await using DuoAgent host = new(duo);
        host.Agent.Enrol("daemon", "\" TOTP_AUTH");
        if (duo == "")
        {
            host.Agent.Configure(File.ReadAllText(host.Agent.ConfigurationPath).Split("[duo]")[0]);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(AgentClient.Deny, host.LogIn(Daemon, [], "000000").Verdict);
        }

        (byte? verdict, IReadOnlyList<string> shown) = host.LogIn(Daemon, [], AgentUnderTest.Passcode);
        Assert.Equal(AgentClient.Deny, verdict);
        Assert.StartsWith("EToo many tries.", Assert.Single(shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Let_in_without_the_server_he_is_in_the_agents_own_log()
    {
        await using DuoAgent host = new("failmode = safe");
        host.Service.Script = _ => FakeReply.Json(503, "{}");

        Assert.Equal(AgentClient.Allow, host.LogIn(Daemon, ["headless=yes"]).Verdict);

        Assert.Contains("<1>daemon is let in without the server: failsafe", host.Agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Su_by_nobody_is_a_refusal()
    {
        await using DuoAgent host = new();
        using AgentClient su = host.Agent.Connect();

        Assert.Equal(AgentClient.Deny, su.Hello("auth", "root", "service=su", "uid=54321", "arg=nullok").Verdict());
        Assert.Empty(host.Service.Requests);
    }

    [Fact]
    public async Task Who_is_exempt_is_let_in()
    {
        await using DuoAgent host = new();
        host.Agent.Configure(
            File.ReadAllText(host.Agent.ConfigurationPath)
            + "[exempt daemon]\nreason = a test\nuntil = 2030-01-01\n");

        Assert.Equal(AgentClient.Allow, host.LogIn(Daemon, ["headless=yes"]).Verdict);
        Assert.Empty(host.Service.Requests);
    }

    [Fact]
    public async Task Escapes_in_the_servers_words_reach_no_terminal()
    {
        await using DuoAgent host = new();
        host.Service.Menu = "\u001b[2J\u009b31mPasscode: ";
        host.Service.PreauthMessage = "\u001b]0;x\u0007";

        (_, IReadOnlyList<string> shown) = host.LogIn(Daemon, [], "000000", "000000", "000000");

        Assert.All(shown, text => Assert.DoesNotContain(text, c => c is < ' ' and not '\n' || c is '\x7f'));
    }
}
