using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>Who has factors at the server, on this host, at both, or at none; and who is not asked.</summary>
public sealed class Given_factors_at_the_server_and_on_the_host
{
    private const string Option = "Passcode or option (1-1): ";
    private static readonly string[] Command = ["ssh", "alice@server", "id -un"];

    [Fact]
    public async Task There_is_one_menu_and_either_passcode_may_be_typed_at_once()
    {
        await using OwnHost host = await OwnHost.StartAsync();
        Authenticator here = await host.EnrolHereAsync();
        Authenticator there = await host.Server.AddTotpAsync("alice");

        Login own = await host.Host.Client.RunAsync(Command, here.Passcode());
        Assert.True(own.ExitCode == 0, $"{own}\n{host.Host.Syslog}");
        Assert.Contains("Passcodes of this host are taken, too.", own.Prompts[0], StringComparison.Ordinal);
        Assert.EndsWith(Option, own.Prompts[0], StringComparison.Ordinal);
        Assert.Empty(await host.Server.AuditAsync());

        Login servers = await host.Host.Client.RunAsync(Command, there.Passcode());
        Assert.True(servers.ExitCode == 0, $"{servers}\n{host.Host.Syslog}");
        Assert.StartsWith("success", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);

        Login again = await host.Host.Client.RunAsync(Command, here.Passcode());
        Assert.Equal((255, ""), (again.ExitCode, again.Output)); // used up
    }

    [Fact]
    public async Task Who_is_not_enrolled_at_the_server_is_asked_for_his_passcode_here()
    {
        await using OwnHost host = await OwnHost.StartAsync("", "", "--enrol-until", "2099-12-31");
        await host.Host.AddAccountAsync("bob");
        await host.Server.RunAsync("user", "add", "bob");
        Authenticator here = await host.EnrolHereAsync("bob");

        Login wrong = await host.Host.Client.RunAsync(["ssh", "bob@server", "id -un"], here.WrongPasscode());
        Login right = await host.Host.Client.RunAsync(["ssh", "bob@server", "id -un"], here.Passcode());

        Assert.Equal((255, ""), (wrong.ExitCode, wrong.Output));
        Assert.EndsWith("Verification code: ", Assert.Single(right.Prompts), StringComparison.Ordinal);
        Assert.True(right.ExitCode == 0, $"{right}\n{host.Host.Syslog}");
    }

    [Fact]
    public async Task Who_has_neither_is_refused_and_told_why()
    {
        await using OwnHost host = await OwnHost.StartAsync();
        await host.Server.RunAsync("user", "remove", "alice");

        Login login = await host.Host.Client.RunAsync(Command, "123456");

        Assert.Equal((255, ""), (login.ExitCode, login.Output));
        await host.Host.Syslog.LineAsync("Aborted Duo login for 'alice'");
    }

    [Theory]
    [InlineData("groups = wheel", true)]
    [InlineData("groups = alice", false)]
    [InlineData("groups = *,!wheel", false)]
    public async Task Who_is_in_no_group_that_is_asked_is_let_in(string groups, bool isLetIn)
    {
        await using OwnHost host = await OwnHost.StartAsync(groups);

        Login login = await host.Host.Client.RunAsync(Command, "123456");

        Assert.Equal(isLetIn ? 0 : 255, login.ExitCode);
        if (isLetIn)
        {
            await host.Host.Syslog.LineAsync("User alice bypassed Duo 2FA due to user's UNIX group");
        }
    }

    [Fact]
    public async Task Who_is_in_no_group_that_is_asked_and_has_a_passcode_here_is_asked_for_it()
    {
        await using OwnHost host = await OwnHost.StartAsync("groups = wheel");
        Authenticator here = await host.EnrolHereAsync();

        Login none = await host.Host.Client.RunAsync(Command, "");
        Login right = await host.Host.Client.RunAsync(Command, here.Passcode());

        Assert.Equal((255, ""), (none.ExitCode, none.Output));
        Assert.True(right.ExitCode == 0, $"{right}\n{host.Host.Syslog}");
    }

    [Theory]
    [InlineData("gecos_username_pos = 2", "Alice A,adams,x")]
    [InlineData("send_gecos = yes", "adams")]
    public async Task The_server_knows_him_by_his_gecos(string line, string gecos)
    {
        await using OwnHost host = await OwnHost.StartAsync(line);
        await host.Sandbox.RunAsync("usermod", "-c", gecos, "alice");
        await host.Server.RunAsync("user", "add", "adams");
        Authenticator app = await host.Server.AddTotpAsync("adams");

        Login login = await host.Host.Client.RunAsync(Command, app.Passcode());

        Assert.True(login.ExitCode == 0, $"{login}\n{host.Host.Syslog}");
        Assert.Contains(" adams shell ", Assert.Single(await host.Server.AuditAsync()), StringComparison.Ordinal);
    }
}
