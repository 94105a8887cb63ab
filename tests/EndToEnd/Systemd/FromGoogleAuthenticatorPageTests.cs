using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>
/// A host that asks by Debian's google-authenticator, with nullok: alice has a file and bob has none. Both get in after
/// each step of the page, and neither by the key alone once Sallyport asks.
/// </summary>
public sealed partial class Given_a_host_with_google_authenticator : IAsyncLifetime
{
    private const string Google = """
        cp -p /etc/pam.d/sshd /root/sshd.stock
        sed -i 's/^@include common-auth$/auth required pam_google_authenticator.so nullok\nauth required pam_permit.so/' /etc/pam.d/sshd
        printf 'KbdInteractiveAuthentication yes\nPasswordAuthentication no\nAuthenticationMethods publickey,keyboard-interactive\n' \
            >/etc/ssh/sshd_config.d/google.conf
        install -D -m 644 /root/.ssh/id_ed25519.pub /etc/ssh/authorized_keys.d/ops
        cp /root/.ssh/id_ed25519 /root/break-glass
        ssh ops@host true
        systemctl reload ssh
        """;

    private readonly HowTo _page = HowTo.Read("from-google-authenticator.md");
    private BootedHost _host = null!;
    private Reader _reader = null!;
    private Authenticator _alice = null!;
    private Queue<string> _codes = [];

    public async ValueTask InitializeAsync()
    {
        _host = await BootedHost.StartAsync();
        _reader = await Reader.AtAsync(_host);
        await _reader.AdministratorAsync("alice");
        await Person.AddAsync(_host, "bob");
        await _reader.AdministratorAsync("ops");
        // By the program that made the files of such a host; its passcodes count once.
        string made = await _host.SayAsync(
            "su - alice -c 'google-authenticator --time-based --disallow-reuse --force --rate-limit=10 --rate-time=30 --window-size=3 --no-confirm --qr-mode=NONE'");
        _alice = new Authenticator(Secret().Match(made).Groups[1].Value);
        _codes = new(Recovery().Matches(made).Select(match => match.Value));
        await _host.SayAsync(Google);
        await _host.UntilAsync("[ $(journalctl -o cat -t sshd | grep -c 'Server listening on 0.0.0.0') -ge 2 ]");
    }

    public ValueTask DisposeAsync() => _host is null ? ValueTask.CompletedTask : _host.DisposeAsync();

    [Fact]
    public async Task Everybody_gets_in_after_each_step_there_and_back()
    {
        string stock = await _host.SayAsync("sha256sum /etc/pam.d/sshd /etc/ssh/sshd_config.d/*");
        await _alice.EarlyInStepAsync();
        await InAsync("alice", _alice.Passcode(-1));
        await KeyAloneAsync("bob", letIn: true); // nullok

        string list = await _page.FollowAsync(_host, "Look who has a file");
        Assert.Matches("(?m)^bob +none ", list);
        string invitation = Code().Match(await _host.SayAsync("sallyport invite bob")).Groups[1].Value;
        await KeyAloneAsync("bob", letIn: true);

        (string prepare, string setup) = Split(_page.Commands("Let Sallyport ask"));
        await _host.SayAsync(prepare);
        await AliceAsync();
        await _reader.SetUpAsync(setup);
        await AliceAsync(Reader.NewConnection);
        Assert.DoesNotContain("nullok", await _host.SayAsync("cat /etc/pam.d/sallyport-sshd"), StringComparison.Ordinal);
        await KeyAloneAsync("alice", letIn: false);
        await KeyAloneAsync("bob", letIn: false);
        Authenticator bob = await _reader.EnrolInLoginAsync("ssh bob@host", invitation);
        await InAsync("bob", bob.Passcode(+1));

        await _page.FollowAsync(_host, "Move the secrets");
        Assert.Equal("none", await _host.SayAsync("[ -e /home/alice/.google_authenticator ] || echo none"));
        await InAsync("alice", _alice.Passcode()); // the same phone
        _codes = new(Recovery().Matches(await _host.SayAsync("cat /root/recovery-codes")).Select(match => match.Value));

        (string again, string without) = SplitFirst(_page.Commands("Turn the homes off"));
        Assert.Contains("+home_files = no", await _reader.SetUpAgainAsync(again), StringComparison.Ordinal);
        await AliceAsync(Reader.NewConnection);
        await _host.SayAsync(without);
        await AliceAsync();
        await KeyAloneAsync("alice", letIn: false);
        await _reader.BreakGlassComesInAsync();

        await _page.FollowAsync(_host, "Going back");
        Assert.Equal(stock, await _host.SayAsync("sha256sum /etc/pam.d/sshd /etc/ssh/sshd_config.d/*"));
        await KeyAloneAsync("alice", letIn: false);
        await InAsync("alice", _alice.Passcode(+1));
        await KeyAloneAsync("bob", letIn: false); // he has a file now
    }

    // By a recovery code where the phone has shown its passcode already: the next would be half a minute away.
    private Task AliceAsync(string command = "id -un") => InAsync("alice", _codes.Dequeue(), command);

    private async Task InAsync(string user, string passcode, string command = "id -un") =>
        await _reader.TypeAsync($"ssh {user}@host {command}", ("Verification code: ", passcode));

    private async Task KeyAloneAsync(string user, bool letIn)
    {
        // Nothing is typed: who is asked cannot answer.
        Command login = await _host.ShellAsync($"SSH_ASKPASS=/bin/true SSH_ASKPASS_REQUIRE=force ssh {user}@host id -un </dev/null");
        Assert.True((login.ExitCode == 0 && login.Output == user + "\n") == letIn, login.ToString());
    }

    // setup asks, so it is typed at a terminal; what stands around it is not.
    private static (string Before, string Setup) Split(string commands)
    {
        int setup = commands.IndexOf("sallyport setup", StringComparison.Ordinal);
        return (commands[..setup], commands[setup..]);
    }

    private static (string Setup, string After) SplitFirst(string commands)
    {
        int end = commands.IndexOf('\n', StringComparison.Ordinal) + 1;
        return (commands[..end], commands[end..]);
    }

    [GeneratedRegex("secret key is: ([A-Z2-7]+)")]
    private static partial Regex Secret();

    [GeneratedRegex("(?<![0-9])[1-9][0-9]{7}(?![0-9])")]
    private static partial Regex Recovery();

    [GeneratedRegex("(?m)^ +([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})$")]
    private static partial Regex Code();
}
