namespace Sallyport.EndToEnd.Harness;

/// <summary>
/// One throw-away machine with all that a login needs: sshd on "server", the second factor behind it, a syslog, and a
/// client with a key. Each test has its own, so no test sees what another did.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    /// <summary>The account phase where it does not matter.</summary>
    public const string AnyAccount = "account required pam_permit.so";

    private readonly CancellationToken _cancellationToken;
    private int _hosts;

    private World(Sandbox sandbox, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        Sandbox = sandbox;
        Syslog = new Syslog(sandbox, cancellationToken);
        Client = new SshClient(sandbox, cancellationToken);
        Agent = new Agent(sandbox, cancellationToken);
    }

    /// <summary>What these tests are about.</summary>
    public SecondFactor Factor { get; } = SecondFactor.Sallyport;

    public Sandbox Sandbox { get; }

    public Syslog Syslog { get; }

    public SshClient Client { get; }

    public Agent Agent { get; }

    /// <summary>sshd asks as "auth required MODULE" plus the options; sshLines go to the end of sshd_config.</summary>
    public static async Task<World> StartAsync(string options = "", string sshLines = "")
    {
        Tools.MustBeThere();
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        var world = new World(await Sandbox.StartAsync(cancellationToken), cancellationToken);
        try
        {
            await SshHost.MakeHostKeyAsync(world.Sandbox);
            await world.Client.InstallAsync();
            await world.InstallFactorAsync();
            world.SetPam("sshd", world.Factor.Auth(options), AnyAccount);
            await world.StartHostAsync("server", sshLines);
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }

        return world;
    }

    public Task StartHostAsync(string name, string sshLines = "") =>
        SshHost.StartAsync(Sandbox, name, $"127.0.1.{++_hosts}", sshLines, _cancellationToken);

    /// <summary>What PAM does for a service from the next login on.</summary>
    public void SetPam(string service, params string[] lines) =>
        Sandbox.Write($"/etc/pam.d/{service}", string.Join('\n', lines) + "\n");

    /// <summary>Puts another module behind sshd, from the next login on.</summary>
    public void UseFactor(SecondFactor factor) => SetPam("sshd", factor.Auth(), AnyAccount);

    public async Task<Account> AddAccountAsync(string name)
    {
        await Sandbox.RunAsync("useradd", "--create-home", "--shell", "/bin/bash", name);
        Sandbox.Write($"/etc/ssh/authorized_keys/{name}", Client.PublicKey + "\n");
        return new Account(this, name);
    }

    /// <summary>
    /// The distribution's module folder is where its own modules are: below /usr/lib, or in a folder for its processor.
    /// </summary>
    public static string ModuleFolder(Sandbox sandbox)
    {
        string lib = sandbox.Outside("/usr/lib");
        string? folder = Directory.GetDirectories(lib).Prepend(lib).Append(lib + "64")
            .Select(path => path + "/security")
            .FirstOrDefault(path => File.Exists(path + "/pam_unix.so"));
        Assert.True(folder is not null, "no pam_unix.so below /usr/lib: install libpam-modules");
        return folder[sandbox.Outside("").Length..];
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        Syslog.Dispose();
    }

    private async Task InstallFactorAsync()
    {
        Sandbox.Copy(Built.Module, $"{ModuleFolder(Sandbox)}/{Factor.Module}");
        Agent.Install();
        await Agent.StartAsync();
    }
}
