using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>
/// A push on Debian 13, whose OpenSSH 10 asks in a program of its own, from the installed packages under their units; the
/// sandbox's tests are this machine's OpenSSH. Skipped where a root of that release cannot be made.
/// </summary>
public sealed class Given_a_push_on_Debian_13
{
    private const string Wait = "Approve on your phone, then press Enter; or type a passcode: ";
    private const string Phone = "runuser -u alice -- env HOME=/home/alice sallyport phone";
    private const string Audit = "sallyport-server audit list --json --limit 1000 | grep -c duo_push || true";

    private const string ServerAndHost = """
        echo 127.0.0.1 duo.example.org >>/etc/hosts
        systemd-sysusers sallyport-server.conf
        systemd-tmpfiles --create sallyport-server.conf
        systemctl daemon-reload
        sallyport-server init --public-host duo.example.org --listen 0.0.0.0:443
        systemctl enable --now sallyport-server.socket sallyport-server
        sallyport-server ca >/root/ca.pem
        install -D -m 644 /root/ca.pem /etc/duo/sallyport-ca.pem
        install -d -m 755 /etc/sallyport
        (sallyport-server application add shell --terminal-devices yes; echo autopush = yes) >/etc/sallyport/sallyport.conf
        chmod 600 /etc/sallyport/sallyport.conf
        sallyport-server user add alice
        install -D -m 644 -t /etc/systemd/system/sallyport-agent.service.d /usr/share/sallyport/duo.conf
        systemctl daemon-reload
        systemctl enable --now sallyport-agent.socket
        code=$(sallyport-server device add-phone alice | sed -n 's/^Code, shown only now: \([A-Z0-9-]*\).*/\1/p')
        runuser -u alice -- env HOME=/home/alice sallyport phone activate \
            --ca /etc/duo/sallyport-ca.pem --name notebook duo.example.org "$code"
        """;

    private const string ByPam = """
        printf 'KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive\n' \
            >/etc/ssh/sshd_config.d/00-test.conf
        sed -i 's/^@include common-auth$/auth required pam_sallyport.so/' /etc/pam.d/sshd
        sshd -t && systemctl reload ssh
        """;

    private const string ByForceCommand = """
        printf 'Match all\nAuthenticationMethods publickey\nForceCommand /usr/sbin/sallyport-login\n' \
            >/etc/ssh/sshd_config.d/00-test.conf
        sed -i 's/^auth required pam_sallyport.so$/auth required pam_deny.so/' /etc/pam.d/sshd
        sshd -t && systemctl reload ssh
        """;

    [Fact]
    public async Task OpenSSH_10_shows_the_prompt_first_and_each_connection_is_one_push()
    {
        await using BootedHost host = await BootedHost.StartAsync("trixie");
        Assert.Contains("OpenSSH_10", await host.SayAsync("ssh -V 2>&1"), StringComparison.Ordinal);
        await Reader.AtAsync(host);
        await Person.AddAsync(host, "alice");
        await host.SayAsync(ServerAndHost);

        await host.SayAsync(ByPam);
        using var allowed = Terminal.Open(host, "ssh -tt alice@host");
        await allowed.AnswerAsync(Wait, "");
        Assert.Contains("Pushed a login request to your device", allowed.Seen, StringComparison.Ordinal);
        await DecideAsync(host, "approve");
        await LeaveAsync(host, allowed, 7);

        // Denied, he is asked for a passcode, and makes no phone ring again in this connection.
        using var denied = Terminal.Open(host, "ssh -tt alice@host");
        await denied.AnswerAsync(Wait, "");
        await DecideAsync(host, "deny");
        await denied.AnswerAsync("Passcode: ", "1");
        await denied.AnswerAsync("Passcode: ", "000001");
        Assert.Equal(255, await denied.EndAsync());
        Assert.Equal("", await host.SayAsync($"{Phone} list"));
        Assert.Equal("2", await host.SayAsync(Audit));

        await host.SayAsync(ByForceCommand);
        await host.SayAsync("sallyport-server user unlock alice"); // or the next push waits
        using var forced = Terminal.Open(host, "ssh -tt alice@host");
        await DecideAsync(host, "approve");
        await LeaveAsync(host, forced, 7);
        Assert.Contains("Success. Logging you in...", forced.Seen, StringComparison.Ordinal);
        Assert.Equal("3", await host.SayAsync(Audit));
    }

    private static async Task DecideAsync(BootedHost host, string word)
    {
        await host.UntilAsync($"[ -n \"$({Phone} list)\" ]");
        await host.SayAsync($"{Phone} {word}");
    }

    private static async Task LeaveAsync(BootedHost host, Terminal terminal, int status)
    {
        await terminal.TypeAsync($"exit {status}");
        int exit = await terminal.EndAsync();
        Assert.True(exit == status, $"{terminal.Seen}\n{await host.SayAsync("journalctl -n 40 --no-pager")}");
    }
}
