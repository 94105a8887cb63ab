using System.Diagnostics;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Systemd;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// docs/how-to/server.md, from nothing to a login, on what ./dev install leaves. Server and host are one booted machine.
/// </summary>
public sealed partial class Given_the_page_on_the_server(Given_the_page_on_the_server.Followed followed)
    : IClassFixture<Given_the_page_on_the_server.Followed>
{
    private const string Data = "/var/lib/sallyport-server";
    private const string Ready = "curl -sS --cacert /etc/duo/sallyport-ca.pem https://duo.example.org/readyz";

    private readonly BootedHost _host = followed.Host;

    [Fact]
    public async Task Who_followed_it_logs_in_with_a_passcode_and_nobody_does_without()
    {
        (int right, string seen) = await LogInAsync(followed.Phone.Passcode());
        (int wrong, _) = await LogInAsync(
            followed.Phone.WrongPasscode(), followed.Phone.WrongPasscode(), followed.Phone.WrongPasscode());
        Command headless = await _host.ShellAsync("HOME=/root ssh alice@host id");

        Assert.True(right == 7, seen);
        Assert.Contains("Success. Logging you in...", seen, StringComparison.Ordinal);
        Assert.Equal((1, 1, ""), (wrong, headless.ExitCode, headless.Output));

        string kept = await followed.Page.FollowAsync(_host, "Keep it");
        Assert.Contains("All is well", kept, StringComparison.Ordinal);
        Assert.Matches(@"authentication +success +valid_passcode +duo_mobile_passcode +alice +web +203\.0\.113\.7", kept);
        Assert.Matches(@"authentication +denied +invalid_passcode +duo_mobile_passcode +alice +web +203\.0\.113\.7", kept);
        Assert.Matches(@"user_add +success +administrator +- +alice +- +- +\S+", kept);
        Assert.Equal("", await _host.SayAsync($"find {Data} /var/backups/sallyport ! -user sallyport"));

        // There is a second backup, of a later day; who follows the page gets that.
        await _host.SayAsync("sallyport-server user add bob"
            + " && sallyport-server backup \"/var/backups/sallyport/$(date -d tomorrow +%F)\"");

        // The machine is lost. Another one has what was kept, and what "Install it" makes.
        await _host.SayAsync(
            $"systemctl disable --now sallyport-server.socket sallyport-server; rm -r {Data}; systemd-tmpfiles --create");
        await followed.Page.FollowAsync(_host, "Another machine from a backup");
        Assert.Equal("ready", await _host.SayAsync(Ready)); // with the CA that the hosts have
        Assert.Matches("(?s)alice.*bob", await _host.SayAsync("sallyport-server user list"));
        Assert.Equal("", await _host.SayAsync($"find {Data} ! -user sallyport"));
    }

    [Fact]
    public async Task The_unit_is_active_when_it_answers_and_comes_back_after_a_restart_and_a_reboot()
    {
        Assert.Equal("notify\nsallyport\nactive", await _host.SayAsync(
            "systemctl show -P Type -P User -P ActiveState sallyport-server"));
        Assert.Equal("ready", await _host.SayAsync(Ready));

        string before = await _host.SayAsync("systemctl show -P MainPID sallyport-server");
        Assert.Equal("ready", await _host.SayAsync($"systemctl restart sallyport-server; {Ready}"));
        Assert.NotEqual(before, await _host.SayAsync("systemctl show -P MainPID sallyport-server"));
        Assert.Equal("success", await _host.SayAsync("systemctl show -P Result sallyport-server"));

        await _host.RebootAsync();
        await _host.UntilAsync($"[ \"$({Ready})\" = ready ]");
    }

    [Fact]
    public async Task A_login_that_begins_while_the_server_starts_anew_waits_and_gets_in()
    {
        string code = await _host.SayAsync("sallyport-server bypass-code add alice | head -n 1");

        // It is away for two seconds at least.
        await _host.SayAsync("""
            mkdir -p /run/systemd/system/sallyport-server.service.d
            printf '[Service]\nExecStartPre=/bin/sleep 2\n' >/run/systemd/system/sallyport-server.service.d/slow.conf
            systemctl daemon-reload
            systemctl --no-block restart sallyport-server
            """);
        await _host.UntilAsync("[ \"$(systemctl show -P SubState sallyport-server)\" = start-pre ]");

        long begun = Stopwatch.GetTimestamp();
        Task<string> answers = _host.SayAsync(string.Join(" && ", Enumerable.Repeat(Ready, 5)));
        (int exit, string seen) = await LogInAsync(code);

        Assert.True(exit == 7, seen);
        Assert.Equal("readyreadyreadyreadyready", (await answers).ReplaceLineEndings(""));
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0.5, 30);
        Assert.Equal("active", await _host.SayAsync("systemctl show -P ActiveState sallyport-server"));

        // Nor is who comes when it is stopped, and not its socket: he starts it.
        await _host.SayAsync("systemctl stop sallyport-server.service");
        Assert.Equal("ready", await _host.SayAsync(Ready));
        await _host.SayAsync("rm -r /run/systemd/system/sallyport-server.service.d; systemctl daemon-reload");
    }

    [Fact]
    public async Task A_socket_whose_address_is_no_setting_keeps_it_from_starting_and_both_are_named()
    {
        await _host.SayAsync("""
            systemctl stop sallyport-server.socket sallyport-server
            mkdir -p /run/systemd/system/sallyport-server.socket.d
            printf '[Socket]\nListenStream=\nListenStream=[::]:443\n' >/run/systemd/system/sallyport-server.socket.d/other.conf
            systemctl daemon-reload
            """);

        Command refused = await _host.ShellAsync("systemctl start sallyport-server.socket && systemctl start sallyport-server");

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(
            "sallyport-server.socket has [::]:443, and 'listen' is 0.0.0.0:443",
            await _host.SayAsync("journalctl -u sallyport-server -o cat --no-pager"),
            StringComparison.Ordinal);
        await _host.SayAsync("""
            rm -r /run/systemd/system/sallyport-server.socket.d
            systemctl daemon-reload
            systemctl stop sallyport-server.socket sallyport-server
            systemctl start sallyport-server.socket sallyport-server
            """);
    }

    [Fact]
    public async Task The_journal_has_its_lines_under_its_name()
    {
        string lines = await _host.SayAsync("journalctl -u sallyport-server -o cat --no-pager");

        Assert.Matches(
            @"(?m)^\d{4}-\d\d-\d\dT[0-9:.]+Z info: \S+\[9001\] .*Answering hosts as duo\.example\.org on https://0\.0\.0\.0:443$",
            lines);
        Assert.Contains(
            "Answering hosts as", await _host.SayAsync("journalctl -t sallyport-server -o cat --no-pager"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Systemd_finds_nothing_wrong_with_the_units()
    {
        Command verify = (await _host.ShellAsync(
            "systemd-analyze verify sallyport-server.service sallyport-server.socket 2>&1")).Succeeded();

        Assert.DoesNotContain("sallyport", verify.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("touch /usr/bin/x", "Read-only file system")]
    [InlineData("touch /etc/x", "Read-only file system")]
    [InlineData("ls /root", "Permission denied")]
    public async Task In_the_servers_view_of_the_files_it_cannot(string command, string reason)
    {
        Command attempt = await _host.ShellAsync(
            "nsenter -m -t $(systemctl show -P MainPID sallyport-server) -- setpriv --reuid=sallyport --regid=sallyport "
            + $"--clear-groups {command}");

        Assert.NotEqual(0, attempt.ExitCode);
        Assert.Matches($"{reason}|Permission denied", attempt.Error);
    }

    private async Task<(int Exit, string Seen)> LogInAsync(params string[] passcodes)
    {
        using Terminal terminal = Terminal.Open(_host, "ssh -tt alice@host");
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

    /// <summary>A machine on which the page was followed, and alice, who has a key and a phone.</summary>
    public sealed class Followed : IAsyncLifetime
    {
        internal BootedHost Host { get; private set; } = null!;

        internal HowTo Page { get; } = HowTo.Read("server.md");

        internal Authenticator Phone { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = await BootedHost.StartAsync();
            await Reader.AtAsync(Host);
            await Person.AddAsync(Host, "alice");
            await Host.SayAsync("echo 127.0.0.1 duo.example.org >>/etc/hosts");

            await Page.FollowAsync(Host, "Install it");
            await Page.FollowAsync(Host, "Set the server up");
            string printed = await Page.FollowAsync(Host, "Add the host and a user");
            Phone = new Authenticator(Secret().Match(printed).Groups[1].Value);
            await Host.SayAsync(Keys().Replace(
                Page.Commands("Change three lines on the host"),
                key => Keys().Matches(printed).Single(other => other.Groups[1].Value == key.Groups[1].Value).Value));
            await Page.FollowAsync(Host, "Ask at each login");
        }

        public ValueTask DisposeAsync() => Host is null ? ValueTask.CompletedTask : Host.DisposeAsync();
    }
}
