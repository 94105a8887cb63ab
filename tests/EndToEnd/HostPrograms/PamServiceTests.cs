using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>Our module and [duo] behind sudo, su and login: whose phone rings, and none before a password.</summary>
public sealed class Given_a_push_through_sudo_su_and_login
{
    private const string AutoPush = "autopush = yes";
    private const string Unix = "auth requisite pam_unix.so nodelay";
    private const string Ours = "auth required pam_sallyport.so after_first_factor";
    private const string AnySession = "session required pam_permit.so";
    private const string Right = "correct horse";
    private const string Wrong = "wrong horse";

    [Fact]
    public async Task Sudo_pushes_behind_its_password_and_the_phone_shows_what_it_is_for()
    {
        await using OwnHost host = await OwnHost.StartAsync($"{AutoPush}\npushinfo = yes");
        host.Sandbox.Write(
            "/etc/sudoers.d/alice",
            "Defaults timestamp_timeout=0, passwd_tries=1\nalice ALL=(ALL) ALL\n",
            UnixFileMode.UserRead);
        await PasswordAsync(host, "alice");
        host.SetPam("sudo", [Unix, Ours, World.AnyAccount, AnySession]);
        string[] sudo = ["runuser", "-u", "alice", "--", "env", "SUDO_COMMAND=/bin/true", "sudo", "-A", "id", "-un"];

        Login wrong = await host.Host.Client.RunAsync(sudo, Wrong);
        Assert.Equal((1, ""), (wrong.ExitCode, wrong.Output));
        Assert.Empty(await host.Server.AuditAsync());

        OpenLogin right = host.Open(sudo);
        right.Answer(Right);
        await host.Phone.WaitingAsync();
        string shown = await host.Phone.RunAsync("approve");
        Assert.True(shown.Contains("sudo -A id -un", StringComparison.Ordinal), $"{shown}\n{host.Host.Syslog}");
        Login done = await right.EndAsync();
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Host.Syslog}");
        Assert.Contains("root", done.Output.Split('\n'));
    }

    [Fact]
    public async Task Su_to_root_asks_who_calls_it()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        host.SetPam("su", [Ours, World.AnyAccount, AnySession]);

        Task<Outcome> su = host.Sandbox.TryAsync("runuser", "-u", "alice", "--", "su", "-c", "id -un");
        Assert.Contains("user=alice", await host.Phone.WaitingAsync(), StringComparison.Ordinal);
        await host.Phone.RunAsync("approve");

        Outcome done = await su;
        Assert.True(done.ExitCode == 0, $"{done}\n{host.Host.Syslog}");
        Assert.EndsWith("\nroot\n", done.Output, StringComparison.Ordinal);
    }

    /// <summary>PAM's service is su-l then, and pam_unix asks for root's password.</summary>
    [Fact]
    public async Task Su_with_a_login_shell_pushes_behind_its_password()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        await PasswordAsync(host, "root");
        host.SetPam("su", "auth required pam_deny.so");
        host.SetPam("su-l", [Unix, Ours, World.AnyAccount, AnySession]);

        Outcome wrong = await SuAsync(host, Wrong);
        Assert.Equal((1, ""), (wrong.ExitCode, wrong.Output));
        Assert.Empty(await host.Server.AuditAsync());

        Task<Outcome> su = SuAsync(host, Right);
        Assert.Contains("user=alice", await host.Phone.WaitingAsync(), StringComparison.Ordinal);
        await host.Phone.RunAsync("approve");
        Outcome right = await su;
        Assert.True(right.ExitCode == 0, $"{right}\n{host.Host.Syslog}");
        Assert.EndsWith("root\n", right.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Su_to_root_asks_root_where_su_is_target()
    {
        await using OwnHost host = await OwnHost.StartAsync($"{AutoPush}\nsu = target\nprompts = 1");
        host.SetPam("su-l", [Ours, World.AnyAccount, AnySession]);
        Outcome unknown = await SuAsync(host, "");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Equal("", await host.WaitingAsync()); // alice, who calls it, has a phone
        TerminalPhone root = await TerminalPhone.OfRootAsync(host.Host);

        Task<Outcome> su = SuAsync(host, "");
        Assert.Contains("user=root", await root.WaitingAsync(), StringComparison.Ordinal);
        Assert.Equal("", await host.WaitingAsync());
        await root.RunAsync("approve");
        Outcome approved = await su;
        Assert.True(approved.ExitCode == 0, $"{approved}\n{host.Host.Syslog}");
        Assert.EndsWith("root\n", approved.Output, StringComparison.Ordinal);

        su = SuAsync(host, "");
        await root.WaitingAsync();
        await root.RunAsync("deny");
        Outcome denied = await su;
        Assert.Equal(1, denied.ExitCode);
        Assert.DoesNotContain("\nroot\n", denied.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_pushes_behind_its_password()
    {
        await using OwnHost host = await OwnHost.StartAsync(AutoPush);
        await PasswordAsync(host, "alice");
        host.SetPam("login", [Unix, Ours, World.AnyAccount, AnySession]);

        using Terminal wrong = Terminal.Open(host.Sandbox, "login alice");
        await wrong.AnswerAsync("Password: ", Wrong);
        await wrong.AskedAsync("login: ");
        Assert.Empty(await host.Server.AuditAsync());
        Assert.Equal("", await host.WaitingAsync());

        using Terminal right = Terminal.Open(host.Sandbox, "login alice");
        await right.AnswerAsync("Password: ", Right);
        Assert.Contains("user=alice", await host.Phone.WaitingAsync(), StringComparison.Ordinal);
        await host.Phone.RunAsync("approve");
        await right.AnswerAsync("$ ", "id -un >who; exit");
        await right.EndAsync();
        Assert.True(host.Sandbox.Exists("/home/alice/who"), $"{right.Seen}\n{host.Host.Syslog}");
        Assert.Equal("alice\n", host.Sandbox.Read("/home/alice/who"));
        Assert.Contains("Pushed a login request to your device", right.Seen, StringComparison.Ordinal);
    }

    /// <summary>alice's "su -", and its password where it asks for one.</summary>
    private static Task<Outcome> SuAsync(OwnHost host, string password) => host.Sandbox.TryAsync(
        "sh", "-c", $"echo '{password}' | runuser -u alice -- su - -c 'id -un'");

    /// <summary>And nobody waits three seconds after a wrong one.</summary>
    private static async Task PasswordAsync(OwnHost host, string user)
    {
        await host.Sandbox.RunAsync("sh", "-c", $"echo '{user}:{Right}' | chpasswd");
        await host.Sandbox.RunAsync("sed", "-i", "s/^FAIL_DELAY.*/FAIL_DELAY 0/", "/etc/login.defs");
    }
}
