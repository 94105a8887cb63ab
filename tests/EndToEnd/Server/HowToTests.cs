using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Server;

/// <summary>docs/how-to/server.md, from nothing to a login. Server and host are one sandbox, which has no systemd.</summary>
public sealed partial class Given_the_page_on_the_server
{
    private readonly HowTo _page = HowTo.Read("server.md");

    [Fact]
    public async Task Who_follows_it_logs_in_with_a_passcode_and_nobody_does_without()
    {
        Tools.MustBeThere("sshd", "ssh", "login_duo", "script");
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await using Sandbox sandbox = await Sandbox.StartAsync(cancellationToken);
        var server = new DuoServer(sandbox, cancellationToken);
        server.Install();
        await PrepareAsync(sandbox);

        await FollowAsync(sandbox, "Set the server up");
        using Command serving = sandbox.Start([
            "setpriv", "--reuid=sallyport", "--regid=sallyport", "--clear-groups", "--inh-caps=+net_bind_service",
            "--ambient-caps=+net_bind_service", "sallyport-server",
        ]);
        string printed = await FollowAsync(sandbox, "Add the host and a user");
        await Wait.UntilAsync(
            () => File.ReadAllText(sandbox.Outside("/proc/1/net/tcp")).Contains("00000000:01BB", StringComparison.Ordinal),
            "the server listens", cancellationToken);

        await sandbox.RunAsync("install", "-m", "600", $"{DuoServer.Data}/ca.pem", "/root/ca.pem");
        await FollowAsync(sandbox, "Change three lines on the host", commands => Keys().Replace(
            commands, key => Keys().Matches(printed).Single(other => other.Groups[1].Value == key.Groups[1].Value).Value));
        await FollowAsync(sandbox, "Ask at each login");
        await sandbox.RunAsync("/usr/sbin/sshd");
        var phone = new Authenticator(Secret().Match(printed).Groups[1].Value);

        (int right, string seen) = await LogInAsync(sandbox, phone.Passcode());
        (int wrong, _) = await LogInAsync(sandbox, phone.WrongPasscode(), phone.WrongPasscode(), phone.WrongPasscode());
        Outcome headless = await sandbox.TryAsync("ssh", "alice@host", "id");

        Assert.True(right == 7, seen);
        Assert.Contains("Success. Logging you in...", seen, StringComparison.Ordinal);
        Assert.Equal((1, 1, ""), (wrong, headless.ExitCode, headless.Output));
        Assert.Contains("All is well", await AsServerAsync(sandbox, "check"), StringComparison.Ordinal);
    }

    /// <summary>What the page says in blocks that are not marked sh, and an account with a key, whose host is near.</summary>
    private static async Task PrepareAsync(Sandbox sandbox)
    {
        sandbox.Write("/etc/hosts", sandbox.Read("/etc/hosts") + "127.0.1.1 host\n");
        sandbox.Write("/etc/pam.d/sshd", "account required pam_permit.so\nsession required pam_permit.so\n");
        sandbox.Write("/etc/ssh/sshd_config", "UsePAM yes\nSubsystem sftp /usr/lib/openssh/sftp-server\n");
        await sandbox.RunAsync("bash", "-ec", $"""
            useradd --system --no-create-home --shell /usr/sbin/nologin sallyport
            install -d -m 700 -o sallyport -g sallyport {DuoServer.Data}
            ssh-keygen -A
            useradd --create-home --shell /bin/bash alice
            install -d -m 700 /root/.ssh
            ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
            install -D -m 600 -o alice -g alice /root/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys
            chown alice:alice /home/alice/.ssh
            echo "host $(cat /etc/ssh/ssh_host_ed25519_key.pub)" >/root/.ssh/known_hosts
            """);
    }

    private Task<string> FollowAsync(Sandbox sandbox, string heading, Func<string, string>? mine = null)
    {
        string commands = _page.Commands(heading);
        return sandbox.RunAsync("bash", "-ec", mine?.Invoke(commands) ?? commands);
    }

    private static Task<string> AsServerAsync(Sandbox sandbox, string command) =>
        sandbox.RunAsync("runuser", "-u", "sallyport", "--", "sallyport-server", command);

    private static async Task<(int Exit, string Seen)> LogInAsync(Sandbox sandbox, params string[] passcodes)
    {
        using Terminal terminal = Terminal.Open(sandbox, "ssh -tt alice@host");
        foreach (string passcode in passcodes)
        {
            await terminal.AnswerAsync("Passcode: ", passcode);
        }

        await terminal.TypeAsync("exit 7");
        return (await terminal.EndAsync(), terminal.Seen);
    }

    [GeneratedRegex("^(ikey|skey) = .*$", RegexOptions.Multiline)]
    private static partial Regex Keys();

    [GeneratedRegex("[?&]secret=([A-Z2-7]+)")]
    private static partial Regex Secret();
}
