using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Users;

/// <summary>
/// A throw-away machine where people get their accounts by `sallyport user`: /etc/ssh/sshd_config is the sshd's own, so
/// that what `sshd -T` says is what holds.
/// </summary>
internal sealed partial class UsersHost : IAsyncDisposable
{
    public const string Invited = "[policy]\nenrolment = invited\n";
    public const string Address = "127.0.2.1";

    private const string Daemon = $"""
        ListenAddress {Address}
        HostKey /etc/ssh/host_key
        PidFile /run/sshd-users.pid
        AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/authorized_keys.d/%u
        UsePAM yes
        PasswordAuthentication no
        KbdInteractiveAuthentication yes
        AuthenticationMethods publickey,keyboard-interactive
        UseDNS no
        PrintMotd no
        PrintLastLog no
        LogLevel VERBOSE
        Subsystem sftp internal-sftp

        """;

    private UsersHost(StoreHost store) => Store = store;

    public StoreHost Store { get; }

    public Sandbox Sandbox => Store.Sandbox;

    public World World => Store.World;

    public string Key => World.Client.PublicKey;

    /// <param name="configuration">sallyport.conf.</param>
    /// <param name="options">Behind the PAM line of sshd.</param>
    public static async Task<UsersHost> StartAsync(
        string configuration = Invited, string options = "", string? room = null, string sshd = Daemon)
    {
        StoreHost store = await StoreHost.StartAsync(options, room);
        try
        {
            store.World.Agent.Configure(configuration);
            store.Sandbox.Write("/etc/ssh/sshd_config", sshd);
            await store.Sandbox.RunAsync("/usr/sbin/sshd");
            await Wait.UntilAsync(() => store.Sandbox.Exists("/run/sshd-users.pid"), "sshd listens",
                TestContext.Current.CancellationToken);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }

        return new(store);
    }

    public static string DaemonReading(string files) => Regex.Replace(Daemon, "AuthorizedKeysFile .*", $"AuthorizedKeysFile {files}");

    public Task<Outcome> UserAsync(params string[] words) => Store.RootAsync(["user", .. words]);

    /// <summary>Runs sallyport user; it has to succeed.</summary>
    public async Task<Outcome> DoesAsync(params string[] words)
    {
        Outcome outcome = await UserAsync(words);
        Assert.True(outcome.ExitCode == 0, $"sallyport user {string.Join(' ', words)}: {outcome}");
        return outcome;
    }

    public static string CodeIn(string letter)
    {
        Match code = Code().Match(letter);
        Assert.True(code.Success, $"no code in: {letter}");
        return code.Groups[1].Value;
    }

    public Task<Login> SshAsync(string name, string command, params string[] answers) =>
        World.Client.RunAsync(["ssh", $"{name}@{Address}", command], answers);

    /// <summary>Logs in with a key alone, is asked, enrols in the login, and does what the letter says.</summary>
    public async Task<Authenticator> EnrolAsync(string name, string code)
    {
        (Authenticator phone, Login login) = await EnrolAsync(World.Client, ["ssh", $"{name}@{Address}", "id -un"], code);
        login.MustBeRefused(World); // "log in again"
        return phone;
    }

    /// <summary>The same, on any host.</summary>
    public static async Task<(Authenticator Phone, Login Login)> EnrolAsync(SshClient client, string[] ssh, string code)
    {
        OpenLogin login = client.Open(ssh);
        login.Answer(code);
        login.Answer("t"); // text only
        await Wait.UntilAsync(() => login.Prompts.Count > 2, "asked for the passcode", TestContext.Current.CancellationToken);
        Match key = Secret().Match(string.Join('\n', login.Prompts));
        Assert.True(key.Success, string.Join('\n', login.Prompts));
        var phone = new Authenticator(key.Value.Replace(" ", "", StringComparison.Ordinal));
        login.Answer(phone.Passcode());
        login.Answer("");
        return (phone, await login.EndAsync());
    }

    public Task<string> ShAsync(string line) => Sandbox.RunAsync("sh", "-ec", line);

    /// <summary>Waits until nothing runs under that name; sshd's own process ends a moment after the client.</summary>
    public Task QuietAsync(string name) => ShAsync($"while pgrep -u {name} > /dev/null 2>&1; do sleep 0.02; done");

    /// <summary>All that a command could have changed about accounts.</summary>
    public Task<string> AccountsAsync() => ShAsync(
        "cat /etc/passwd /etc/group /etc/shadow; ls -lAR --time-style=full-iso /home /etc/ssh/authorized_keys.d /var/lib/sallyport 2>&1 || true");

    public async Task<bool> ExistsAsync(string name) => (await Sandbox.TryAsync("getent", "passwd", name)).ExitCode == 0;

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    [GeneratedRegex("^ +([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})$", RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex("[A-Z2-7]{32}|(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")]
    private static partial Regex Secret();
}
