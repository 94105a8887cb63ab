using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>A host whose sshd asks through Debian's login_duo or pam_duo, unmodified, and the server that they ask.</summary>
internal sealed class DuoHost : IAsyncDisposable
{
    public const string LoginDuoFile = "/etc/security/login_duo.conf";
    public const string PamDuoFile = "/etc/security/pam_duo.conf";
    public const string CaFile = "/etc/duo/sallyport-ca.pem";

    // login_duo has the shell run the subsystem's words, and internal-sftp is no program.
    public const string LoginDuo = """
        Subsystem sftp /usr/lib/openssh/sftp-server
        Match all
            AuthenticationMethods publickey
            AcceptEnv DUO_PASSCODE
            AllowTcpForwarding no
            PermitTunnel no
            ForceCommand /usr/sbin/login_duo
        """;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private DuoHost(Sandbox sandbox, CancellationToken cancellationToken)
    {
        Sandbox = sandbox;
        Syslog = new Syslog(sandbox, cancellationToken);
        Client = new SshClient(sandbox, cancellationToken);
        Server = new DuoServer(sandbox, cancellationToken);
    }

    public Sandbox Sandbox { get; }

    public Syslog Syslog { get; }

    public SshClient Client { get; }

    public DuoServer Server { get; }

    /// <summary>The lines that "application add" printed.</summary>
    public string Section { get; private set; } = "";

    /// <summary>With login_duo as ForceCommand; the options are those of "application add".</summary>
    public static Task<DuoHost> LoginDuoAsync(params string[] application) =>
        StartAsync(LoginDuo, ["--legacy-clients", .. application], []);

    /// <summary>With pam_duo behind the key.</summary>
    public static Task<DuoHost> PamDuoAsync(params string[] application) =>
        StartAsync("", ["--legacy-clients", .. application], []);

    /// <summary>With login_duo, and a server with settings of its own.</summary>
    public static Task<DuoHost> LoginDuoAsync(Func<Sandbox, Task> prepare, params string[] settings) =>
        WithAsync("login_duo", prepare, settings);

    /// <summary>With one of the two, and a server that keeps its rows where the test has made room for them.</summary>
    public static Task<DuoHost> WithAsync(string program, Func<Sandbox, Task> prepare, params string[] settings) =>
        StartAsync(program == "login_duo" ? LoginDuo : "", ["--legacy-clients"], settings, prepare);

    public static async Task<DuoHost> StartAsync(
        string sshLines, string[] application, string[] settings, Func<Sandbox, Task>? prepare = null)
    {
        Tools.MustBeThere("sshd", "ssh", "login_duo", "sqlite3", "curl", "script");
        Assert.True(
            Directory.EnumerateDirectories("/usr/lib").Any(folder => File.Exists($"{folder}/security/pam_duo.so")),
            "missing: pam_duo.so. ./dev test installs what the tests need");
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        var host = new DuoHost(await Sandbox.StartAsync(cancellationToken), cancellationToken);
        try
        {
            host.Server.Install();
            await (prepare?.Invoke(host.Sandbox) ?? Task.CompletedTask);
            await host.Server.InitAsync(settings);
            host.Section = await host.Server.RunAsync(["application", "add", "shell", .. application]);
            await host.Server.StartAsync();
            await host.WriteAsync(host.Section);
            host.Sandbox.Write(CaFile, host.Sandbox.Read($"{DuoServer.Data}/ca.pem"));
            host.Sandbox.Write("/etc/pam.d/sshd", sshLines.Length > 0
                ? $"auth required pam_deny.so\n{World.AnyAccount}\n"
                : $"auth required pam_duo.so\n{World.AnyAccount}\n");
            await SshHost.MakeHostKeyAsync(host.Sandbox);
            await host.Client.InstallAsync();
            await SshHost.StartAsync(host.Sandbox, "server", "127.0.1.1", sshLines, cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    /// <summary>Writes both configurations. login_duo reads its own as the user sshd, and wants it to be his.</summary>
    public async Task WriteAsync(string text)
    {
        Sandbox.Write(LoginDuoFile, text, OwnerOnly);
        Sandbox.Write(PamDuoFile, text, OwnerOnly);
        await Sandbox.RunAsync("chown", "sshd", LoginDuoFile);
    }

    public async Task AddAccountAsync(string name)
    {
        await Sandbox.RunAsync("useradd", "--create-home", "--shell", "/bin/bash", name);
        Sandbox.Write($"/etc/ssh/authorized_keys/{name}", Client.PublicKey + "\n");
    }

    /// <summary>An account on the host, a user of the server, and an app on his phone.</summary>
    public async Task<Authenticator> EnrolAsync(string name, params string[] options)
    {
        await AddAccountAsync(name);
        await Server.RunAsync(["user", "add", name, .. options]);
        return await Server.AddTotpAsync(name);
    }

    /// <summary>The section, with the other fail mode: what cannot be asked is let in.</summary>
    public Task FailSafeAsync() =>
        WriteAsync(Section.Replace("failmode = secure", "failmode = safe", StringComparison.Ordinal));

    /// <summary>One more line for both.</summary>
    public async Task AppendAsync(string line)
    {
        foreach (string file in (string[])[LoginDuoFile, PamDuoFile])
        {
            await Sandbox.RunAsync("sh", "-c", $"echo '{line}' >>{file}");
        }
    }

    /// <summary>ssh to a shell, at a terminal.</summary>
    public Terminal OpenShell(string user) => Terminal.Open(Sandbox, $"ssh -tt {user}@server");

    /// <summary>At a terminal, one line for each prompt for a passcode; who gets in leaves with 7.</summary>
    public async Task<(int Exit, string Seen)> ShellAsync(string user, params string[] passcodes)
    {
        using Terminal terminal = OpenShell(user);
        foreach (string passcode in passcodes)
        {
            await terminal.AnswerAsync("Passcode: ", passcode);
        }

        await terminal.TypeAsync("exit 7");
        return (await terminal.EndAsync(), terminal.Seen);
    }

    /// <summary>ssh with a command, which is what login_duo calls headless.</summary>
    public Task<Login> CommandAsync(string user, string command, params string[] answers) =>
        Client.RunAsync(["ssh", $"{user}@server", command], answers);

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        Syslog.Dispose();
    }
}
