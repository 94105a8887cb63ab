using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>
/// A throw-away machine with the files of a distribution as they come, an sshd on port 22, a wire to another machine from
/// where people log in, and three accounts with a key:
/// alice, who is enrolled and may use sudo, bob, who is not, and ops, whose key is root-owned and who has logged in.
/// </summary>
internal sealed class SetupHost : IAsyncDisposable
{
    public const string BreakGlass = "--break-glass=ops:2099-12-31:sealed key in the safe";
    public const string DropIn = "/etc/ssh/sshd_config.d/10-sallyport.conf";
    public const string Pam = "/etc/pam.d/sshd";
    public const string Include = "/etc/pam.d/sallyport-sshd";
    public const string Policy = "/etc/sallyport/sallyport.conf";
    public const string Config = "/etc/ssh/sshd_config";

    private const string Program = "/usr/bin/sallyport";

    public static readonly string[] Touched = [Policy, Include, Config, DropIn, Pam];

    private const string Entry = "/var/lib/sallyport/totp/alice";

    private readonly CancellationToken _cancellationToken;

    private byte[] _entry = [];

    private SetupHost(Sandbox sandbox, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        Sandbox = sandbox;
        Syslog = new Syslog(sandbox, cancellationToken);
        Client = new SshClient(sandbox, cancellationToken);
        Agent = new Agent(sandbox, cancellationToken);
    }

    public Sandbox Sandbox { get; }

    public Syslog Syslog { get; }

    public SshClient Client { get; }

    public Agent Agent { get; }

    public Authenticator Phone { get; private set; } = null!;

    public static async Task<SetupHost> StartAsync(string layout = "debian12", Action<SetupHost>? change = null)
    {
        Tools.MustBeThere("useradd", "strace", "setsid", "unshare", "sshd", "sudo");
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        var host = new SetupHost(await Sandbox.StartAsync(cancellationToken), cancellationToken);
        try
        {
            await host.PrepareAsync(layout, change);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    public static string Fixture(string layout) => Path.Combine(Built.Root, "tests/EndToEnd/Setup/layouts", layout);

    /// <summary>Runs sallyport as root, with "y" for whatever it asks.</summary>
    public Task<Outcome> SetupAsync(params string[] words) =>
        Sandbox.TryAsync(["sh", "-c", "yes | \"$@\"", "sh", Program, "setup", .. words]);

    public async Task<string> SetUpAsync(params string[] words)
    {
        Outcome outcome = await SetupAsync([BreakGlass, .. words]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome.Output;
    }

    /// <summary>setup under strace, which fails or kills it at a system call of its own thread.</summary>
    public Task<Outcome> InjectAsync(string fault, string calls, string verb = "", params string[] options) =>
        Sandbox.TryAsync([
            "sh", "-c", "yes | \"$@\"", "sh", "strace", "-qq", "-o", "/dev/null",
            "-e", $"trace={calls}", "-e", $"inject={calls}:{fault}",
            "/usr/bin/sallyport", "setup", .. verb.Length > 0 ? [verb] : (string[])[BreakGlass, .. options],
        ]);

    public Task<Login> SshAsync(string user, string command, params string[] answers) =>
        Client.RunAsync(Away.Ssh($"{user}@{Away.Host}", command), answers);

    /// <summary>The same, with a command that says who is in.</summary>
    public Task<Login> LoginAsync(string user, params string[] answers) => SshAsync(user, "id -un", answers);

    /// <summary>Every file that setup may touch, by what is in it, its owner and its mode; "-": there is none.</summary>
    public Dictionary<string, string> Snapshot() => Touched.ToDictionary(path => path, path => Sandbox.Exists(path)
        ? $"{File.GetUnixFileMode(Sandbox.Outside(path))} {Convert.ToBase64String(File.ReadAllBytes(Sandbox.Outside(path)))}"
        : "-");

    /// <summary>Nothing that a setup leaves while it is under way: no probe, no journal, no copy beside a file.</summary>
    public void AssertNothingIsLeft()
    {
        Assert.DoesNotContain("sallyport-probe-", Sandbox.Read("/etc/passwd"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "sallyport-probe-", string.Join(' ', Directory.GetFiles(Sandbox.Outside("/var/lib/sallyport/totp"))), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Sandbox.Outside("/var/lib/sallyport/setup")));
        foreach (string folder in (string[])["/etc/ssh/sshd_config.d", "/etc/ssh", "/etc/pam.d", "/etc/sallyport"])
        {
            Assert.Empty(Directory.GetFiles(Sandbox.Outside(folder), ".*.sallyport-setup"));
        }
    }

    /// <summary>As if alice's passcode had never been used: the next one would be half a minute away.</summary>
    public void ForgetPasscode() => File.WriteAllBytes(Sandbox.Outside(Entry), _entry);

    /// <summary>As alice with her passcode, from the host itself.</summary>
    public Task<Login> FromItselfAsync(string[] ssh, string command)
    {
        ForgetPasscode();
        return Client.RunAsync(["ssh", .. ssh, command], Phone.Passcode());
    }

    /// <summary>alice comes in by her key alone, or by key and passcode.</summary>
    public async Task AssertReachableAsync()
    {
        ForgetPasscode();
        Login login = await LoginAsync("alice", Phone.Passcode());
        Assert.True(login is { ExitCode: 0, Output: "alice" }, $"alice is locked out: {login}\n{Syslog}");
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        Syslog.Dispose();
    }

    private async Task PrepareAsync(string layout, Action<SetupHost>? change)
    {
        string ssh = Sandbox.Outside("/etc/ssh");
        Directory.Delete(ssh, recursive: true);
        foreach (string file in Directory.GetFiles(Fixture(layout), "*", SearchOption.AllDirectories))
        {
            Sandbox.Copy(file, "/etc/" + Path.GetRelativePath(Fixture(layout), file));
        }

        Directory.CreateDirectory(ssh + "/sshd_config.d");
        Sandbox.Copy(Built.Module, $"{World.ModuleFolder(Sandbox)}/pam_sallyport.so");
        Sandbox.Copy(Built.Command, Program);
        Sandbox.Copy(Built.Login, "/usr/sbin/sallyport-login");
        Agent.Install();
        Sandbox.Copy(Path.Combine(Built.Root, "eng/sallyport.conf"), Policy);
        File.SetUnixFileMode(Sandbox.Outside(Policy), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.CreateDirectory(Sandbox.Outside("/var/lib/sallyport"), (UnixFileMode)0x1C0 /* 0700 */);
        await Agent.StartAsync();
        await Sandbox.RunAsync("ssh-keygen", "-A");
        Sandbox.Copy(Sandbox.Outside("/etc/ssh/ssh_host_ed25519_key.pub"), "/etc/ssh/host_key.pub");
        await Away.WireAsync(Sandbox.Pid);
        await Client.InstallAsync();
        foreach (string name in (string[])["alice", "bob", "ops"])
        {
            await AddAsync(name);
        }

        Sandbox.Write("/etc/ssh/authorized_keys.d/ops", Client.PublicKey + "\n");
        Sandbox.Write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n", (UnixFileMode)0x120 /* 0440 */);
        await EnrolAsync();
        change?.Invoke(this);
        await Sandbox.RunAsync("/usr/sbin/sshd");
        await Wait.UntilAsync(() => Sandbox.Exists("/run/sshd.pid"), "sshd listens", _cancellationToken);
        Assert.True((await Client.RunAsync(["ssh", "-tt", "ops@127.0.0.1", "true"])).ExitCode == 0, "ops logs in once");
    }

    private async Task AddAsync(string name)
    {
        await Sandbox.RunAsync("useradd", "--create-home", "--shell", "/bin/bash", name);
        Sandbox.Write($"/home/{name}/.ssh/authorized_keys", Client.PublicKey + "\n", (UnixFileMode)0x180 /* 0600 */);
        await Sandbox.RunAsync("chmod", "700", $"/home/{name}/.ssh");
        await Sandbox.RunAsync("chown", "-R", $"{name}:", $"/home/{name}/.ssh");
    }

    // As google-authenticator would, and moved: the secret is known here.
    private async Task EnrolAsync()
    {
        Phone = Authenticator.Create();
        Sandbox.Write("/home/alice/.google_authenticator", $"{Phone.Secret}\n\" TOTP_AUTH\n\" WINDOW_SIZE 7\n\" RATE_LIMIT 100 1\n", (UnixFileMode)0x100);
        await Sandbox.RunAsync("chown", "alice:", "/home/alice/.google_authenticator");
        await Sandbox.RunAsync(Program, "import-ga", "--recovery-codes=/root/codes", "alice");
        _entry = File.ReadAllBytes(Sandbox.Outside(Entry));
    }
}
