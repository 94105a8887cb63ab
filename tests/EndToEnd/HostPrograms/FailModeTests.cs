using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>The server is away, and our module is asked all the same.</summary>
public sealed class Given_no_server_behind_our_module
{
    private static readonly string[] Command = ["ssh", "alice@server", "id -un"];

    [Theory]
    [InlineData("")]
    [InlineData("secure")]
    public async Task Nobody_is_let_in(string mode)
    {
        await using OwnHost host = await OwnHost.StartAsync();
        await host.EndServerAsync(mode);

        Login login = await host.Host.Client.RunAsync(Command, "123456");

        Assert.Equal((255, ""), (login.ExitCode, login.Output));
        await host.Host.Syslog.LineAsync("Failsecure Duo login for 'alice'");
    }

    [Fact]
    public async Task Safe_lets_in_loudly_and_the_server_hears_of_it()
    {
        await using OwnHost host = await OwnHost.StartAsync();
        await host.EndServerAsync("safe");

        Login login = await host.Host.Client.RunAsync(Command);
        Assert.True(login.ExitCode == 0, $"{login}\n{host.Host.Syslog}");
        await host.Host.Syslog.LineAsync("Failsafe Duo login for 'alice'");

        await host.Server.StartAsync();
        await host.Agent.KillAsync(); // what waits outlives it
        await host.Agent.StartAsync();
        await Wait.UntilAsync(
            () => host.Sandbox.Read("/var/lib/sallyport/bypasses/waiting").Length == 0, "the server is told",
            TestContext.Current.CancellationToken);
        string rows = await host.Sandbox.RunAsync(
            "sqlite3", $"{DuoServer.Data}/sallyport.db", "SELECT UserName, Detail FROM audit_events WHERE Reason = 'host_report'");
        Assert.StartsWith("alice|", rows, StringComparison.Ordinal);
        Assert.Contains("failsafe", rows, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Safe_lets_nobody_in_whom_a_stranger_in_the_servers_place_answers()
    {
        await using OwnHost host = await OwnHost.StartAsync();
        await host.EndServerAsync("safe");
        await Trouble.StrangerAsync(host, "cat >/dev/null");

        Login login = await host.Host.Client.RunAsync(Command, "");

        Assert.Equal((255, ""), (login.ExitCode, login.Output));
        await host.Host.Syslog.LineAsync("Failsecure Duo login for 'alice'");
    }

    [Fact]
    public async Task Offline_asks_for_a_passcode_of_this_host_of_whom_the_server_let_in_lately()
    {
        await using OwnHost host = await OwnHost.StartAsync("autopush = yes");
        Authenticator app = await host.EnrolHereAsync();
        await host.EndServerAsync("offline");

        // Never let in by the server.
        Login unknown = await host.Host.Client.RunAsync(Command, app.Passcode());
        Assert.Equal((255, ""), (unknown.ExitCode, unknown.Output));
        Assert.Empty(unknown.Prompts);

        await host.Server.StartAsync();
        OpenLogin first = host.Open(Command);
        first.Answer("");
        await host.Phone.WaitingAsync();
        await host.Phone.RunAsync("approve");
        Assert.Equal(0, (await first.EndAsync()).ExitCode);

        await host.EndServerAsync("offline");
        Login wrong = await host.Host.Client.RunAsync(Command, app.WrongPasscode());
        Assert.Equal((255, ""), (wrong.ExitCode, wrong.Output));
        Login right = await host.Host.Client.RunAsync(Command, app.Passcode());
        Assert.True(right.ExitCode == 0, $"{right}\n{host.Host.Syslog}");
        await host.Host.Syslog.LineAsync("Offline Duo login for 'alice'");

        // Denied by the server: not let in without it either.
        await host.Server.StartAsync();
        await host.Server.RunAsync("user", "disable", "alice");
        Assert.Equal(255, (await host.Host.Client.RunAsync(Command, app.Passcode())).ExitCode);
        await host.EndServerAsync("offline");
        Login disabled = await host.Host.Client.RunAsync(Command, app.Passcode());
        Assert.Equal((255, ""), (disabled.ExitCode, disabled.Output));
        Assert.Empty(disabled.Prompts);
    }
}
