using System.Diagnostics;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Systemd;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// docs/how-to/duo-users.md, on a host that was set up by docs/how-to/server.md and asks by Debian's login_duo. After
/// each step alice gets in by a code, and by the key alone she does not.
/// </summary>
public sealed class Given_a_host_with_login_duo_that_moves(Given_the_page_on_the_server.Followed followed)
    : IClassFixture<Given_the_page_on_the_server.Followed>
{
    private readonly HowTo _page = HowTo.Read("duo-users.md");
    private readonly BootedHost _host = followed.Host;

    [Fact]
    public async Task It_asks_by_our_program_and_the_same_keys_there_and_back()
    {
        string stock = await _host.SayAsync("sha256sum /etc/ssh/sshd_config /etc/security/login_duo.conf");
        string settings = await _host.SayAsync("cat /etc/sallyport/sallyport.conf");
        await AsksByAsync("login_duo/");

        string meaning = await _page.FollowAsync(_host, "Take the settings over");
        Assert.Contains("failmode = secure", meaning, StringComparison.Ordinal);
        string key = await _host.SayAsync("sed -n 's/^skey = //p' /etc/security/login_duo.conf");
        Assert.DoesNotContain(key, meaning, StringComparison.Ordinal);
        await AsksByAsync("login_duo/"); // nobody is asked by it yet
        Assert.Equal("600 root", await _host.SayAsync("stat -c '%a %U' /etc/sallyport/sallyport.conf"));

        string line = await _page.FollowAsync(_host, "Let our program stand behind ForceCommand");
        Assert.Equal("ForceCommand /usr/sbin/sallyport-login", line.Trim());
        await AsksByAsync("sallyport");
        await WithSetupAsync();
        await WithoutServerAsync();

        await _page.FollowAsync(_host, "Going back behind ForceCommand");
        await AsksByAsync("login_duo/");
        Assert.Equal(stock, await _host.SayAsync("sha256sum /etc/ssh/sshd_config /etc/security/login_duo.conf"));

        await _page.FollowAsync(_host, "Forget the keys");
        Assert.Equal(settings.Trim(), (await _host.SayAsync("cat /etc/sallyport/sallyport.conf")).Trim());
        Assert.Equal("yes", await _host.SayAsync("systemctl show -P PrivateNetwork sallyport-agent.service"));
        await AsksByAsync("login_duo/");
    }

    /// <summary>It is asked as before, the break-glass account is not, and what setup did is taken back.</summary>
    private async Task WithSetupAsync()
    {
        await _host.SayAsync("""
            useradd --create-home --shell /bin/bash ops
            install -D -m 644 /root/.ssh/*.pub /etc/ssh/authorized_keys.d/ops
            install -D -o ops -m 600 /root/.ssh/*.pub /home/ops/.ssh/authorized_keys; chown -R ops: /home/ops
            """);
        Command forced = await _host.ShellAsync("HOME=/root ssh ops@host id");
        Assert.Equal(1, forced.ExitCode); // by the line of sshd_config
        Command setup = await _host.ShellAsync($"{_page.Commands("Let setup see to it").Trim()} --yes");
        Assert.True(setup.ExitCode == 0, $"{setup}");

        Assert.DoesNotContain("duo-", await _host.SayAsync("sallyport doctor --user=alice || true"), StringComparison.Ordinal);
        await AsksByAsync("sallyport");
        Assert.Equal("ops", await _host.SayAsync("HOME=/root ssh ops@host id -un"));
        Command forwarded = await _host.ShellAsync("HOME=/root ssh -W 127.0.0.1:22 alice@host </dev/null");
        Assert.DoesNotContain("SSH-2.0", forwarded.Output, StringComparison.Ordinal);
        await _host.SayAsync("sallyport setup undo; userdel --remove ops");
        await AsksByAsync("sallyport");
    }

    /// <summary>As the file says at first, secure; then offline, by a passcode of the host. The server hears of it.</summary>
    private async Task WithoutServerAsync()
    {
        // The last that the server says of her is yes.
        await LogInAsync("Passcode: ", await _host.SayAsync(DuoUsers.Code));
        string shown = await _host.SayAsync("sallyport enroll --user alice -C -Q NONE");
        await _host.SayAsync(DuoUsers.StopServer);
        Command secure = await _host.ShellAsync("HOME=/root ssh -tt alice@host </dev/null");
        Assert.Equal(1, secure.ExitCode);
        Assert.Contains("The login server cannot be reached", secure.Output, StringComparison.Ordinal);

        await _page.FollowAsync(_host, "Decide what holds while the server is away");
        await LogInAsync("Verification code: ", StoreHost.Read(shown).Phone.Passcode());
        await _host.SayAsync(DuoUsers.StartServer);
        await DuoUsers.UntilReportedAsync(_host, "offline passcode");
    }

    private async Task AsksByAsync(string program)
    {
        await LogInAsync("Passcode: ", await _host.SayAsync(DuoUsers.Code));
        Assert.Contains(program, await DuoUsers.LastAsync(_host), StringComparison.Ordinal);
        Command keyAlone = await _host.ShellAsync("HOME=/root ssh alice@host id");
        Assert.Equal((1, ""), (keyAlone.ExitCode, keyAlone.Output));
    }

    private async Task LogInAsync(string prompt, string code)
    {
        using var terminal = Terminal.Open(_host, "ssh -tt alice@host");
        await terminal.AnswerAsync(prompt, code);
        await terminal.TypeAsync("exit 7");
        int exit = await terminal.EndAsync();
        Assert.True(exit == 7, $"{terminal.Seen}\n{await _host.SayAsync("journalctl -n 30 --no-pager")}");
    }
}

/// <summary>The same, where Debian's pam_duo asks behind the key.</summary>
public sealed class Given_a_host_with_pam_duo_that_moves(Given_the_page_on_the_server.Followed followed)
    : IClassFixture<Given_the_page_on_the_server.Followed>
{
    private const string PamDuo = """
        sed -i '/^Match all$/,$d' /etc/ssh/sshd_config
        printf 'KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive\n' \
            >/etc/ssh/sshd_config.d/duo.conf
        sed -i 's/^@include common-auth$/auth required pam_duo.so debug/' /etc/pam.d/sshd
        install -m 600 /etc/security/login_duo.conf /etc/security/pam_duo.conf
        sshd -t && systemctl reload ssh
        """;

    private readonly HowTo _page = HowTo.Read("duo-users.md");
    private readonly BootedHost _host = followed.Host;

    [Fact]
    public async Task It_asks_by_our_module_and_the_same_keys_there_and_back()
    {
        await _host.SayAsync(PamDuo);
        string stock = await _host.SayAsync("sha256sum /etc/pam.d/sshd /etc/security/pam_duo.conf");
        await AsksByAsync("pam_duo/");

        await _host.SayAsync(_page.Commands("Take the settings over")
            .Replace("/etc/security/login_duo.conf", "/etc/security/pam_duo.conf", StringComparison.Ordinal));
        await AsksByAsync("pam_duo/"); // nobody is asked by it yet

        string lines = await _page.FollowAsync(_host, "Or let our module stand in PAM");
        Assert.EndsWith("pam_sallyport.so", lines, StringComparison.Ordinal);
        await AsksByAsync("sallyport");
        await _host.SayAsync("sed -i 's/^failmode = .*/failmode = safe/' /etc/sallyport/sallyport.conf");
        await _host.SayAsync(DuoUsers.StopServer);
        Assert.Equal("alice", await _host.SayAsync("HOME=/root ssh alice@host id -un"));
        await _host.SayAsync(DuoUsers.StartServer);
        await DuoUsers.UntilReportedAsync(_host, "failsafe");
        await AsksByAsync("sallyport");

        await _page.FollowAsync(_host, "Going back in PAM");
        await AsksByAsync("pam_duo/");
        Assert.Equal(stock, await _host.SayAsync("sha256sum /etc/pam.d/sshd /etc/security/pam_duo.conf"));
    }

    private async Task AsksByAsync(string program)
    {
        string code = await _host.SayAsync(DuoUsers.Code);
        await new Reader(_host).TypeAsync("ssh alice@host id -un", ("Passcode: ", code));

        Assert.Contains(program, await DuoUsers.LastAsync(_host), StringComparison.Ordinal);
        Command keyAlone = await _host.ShellAsync(
            "SSH_ASKPASS=/bin/true SSH_ASKPASS_REQUIRE=force HOME=/root ssh alice@host id </dev/null");
        Assert.Equal((255, ""), (keyAlone.ExitCode, keyAlone.Output));
    }
}

internal static class DuoUsers
{
    public const string Code = "sallyport-server bypass-code add alice | head -n 1";
    public const string StopServer = "systemctl stop sallyport-server.socket sallyport-server";
    public const string StartServer = "systemctl start sallyport-server.socket sallyport-server";

    /// <summary>That alice was let in meanwhile, in the server's audit. The agent tries it every 30 s.</summary>
    public static async Task UntilReportedAsync(BootedHost host, string reason)
    {
        long begun = Stopwatch.GetTimestamp();
        string events;
        while (!(events = await host.SayAsync("sallyport-server audit list --limit 1000 | grep bypass_report || true"))
            .Contains(reason, StringComparison.Ordinal))
        {
            Assert.True(
                Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(60),
                $"not reported: {reason}\n{events}\n{await host.SayAsync("journalctl -n 40 --no-pager")}");
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        }

        Assert.Matches($"bypass_report +success +host_report .* alice .*{reason}", events);
    }

    /// <summary>What the server wrote down of the last login, which names the program that asked.</summary>
    public static Task<string> LastAsync(BootedHost host) =>
        host.SayAsync("sallyport-server audit list --json --limit 1000 | grep '\"authentication\"' | tail -n 1");
}
