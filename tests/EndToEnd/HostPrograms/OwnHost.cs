using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>Our module and agent on a host, with [duo], and our server beside it; alice has a phone and no passcode.</summary>
internal sealed class OwnHost : IAsyncDisposable
{
    /// <summary>Where the module asks, behind the key.</summary>
    public const string Pam = "server";

    /// <summary>Where sallyport-login asks, as ForceCommand.</summary>
    public const string Forced = "forced";

    public static readonly string[] Ways = [Pam, Forced];

    private static readonly string[] TerminalDevices = ["--terminal-devices", "yes"];

    private string _lines = "";

    private OwnHost(DuoHost host, Agent agent, TerminalPhone phone) => (Host, Agent, Phone) = (host, agent, phone);

    public DuoHost Host { get; }

    public Agent Agent { get; }

    public TerminalPhone Phone { get; }

    public Sandbox Sandbox => Host.Sandbox;

    public DuoServer Server => Host.Server;

    /// <param name="lines">Of [duo], beside what "application add" prints.</param>
    /// <param name="sshLines">At the end of sshd_config.</param>
    /// <param name="application">Options of "application add".</param>
    public static async Task<OwnHost> StartAsync(string lines = "", string sshLines = "", params string[] application)
    {
        DuoHost host = await DuoHost.StartAsync(sshLines, [.. TerminalDevices, .. application], []);
        try
        {
            Agent agent = new(host.Sandbox, TestContext.Current.CancellationToken);
            host.Sandbox.Copy(Built.Module, $"{World.ModuleFolder(host.Sandbox)}/pam_sallyport.so");
            agent.Install();
            OwnHost own = new(host, agent, await TerminalPhone.ActivateAsync(host));
            own.Configure(lines);
            await agent.StartAsync();
            own.SetPam("sshd", "auth required pam_sallyport.so", World.AnyAccount);
            return own;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>What "application add" printed, with these lines below it.</summary>
    public void Configure(string lines)
    {
        _lines = lines;
        Agent.Configure($"{Host.Section.TrimEnd()}\n{lines}\n");
    }

    public void SetPam(string service, params string[] lines) =>
        Sandbox.Write($"/etc/pam.d/{service}", string.Join('\n', lines) + "\n");

    /// <summary>One more sshd of the same host, where sallyport-login stands before the shell.</summary>
    public async Task ForceAsync()
    {
        Sandbox.Copy(Built.Login, LoginHost.Program);
        string lines = DuoHost.LoginDuo.Replace("/usr/sbin/login_duo", LoginHost.Program, StringComparison.Ordinal);
        await SshHost.StartAsync(Sandbox, Forced, "127.0.1.2", lines, TestContext.Current.CancellationToken);
    }

    /// <summary>ssh to either, for one command, with a passcode in the environment, and one for whoever asks.</summary>
    public Task<Login> LogInAsync(string way, string command, string passcode = "") => Host.Client.RunAsync(
        ["env", $"DUO_PASSCODE={passcode}", "ssh", "-o", "SendEnv=DUO_PASSCODE", $"alice@{way}", command], passcode);

    /// <summary>The same, and it waits for the phone: Enter is pressed already.</summary>
    public OpenLogin OpenPushed(string way, string command)
    {
        OpenLogin login = Open("ssh", $"alice@{way}", command);
        login.Answer("");
        return login;
    }

    /// <summary>By ssh itself where the module refuses, by sallyport-login where that does.</summary>
    public void MustHaveRefused(string way, Login login) => Assert.True(
        (login.ExitCode, login.Output) == (way == Pam ? 255 : 1, ""), $"{way}: {login}\n{Host.Syslog}");

    /// <summary>"id -un" was run.</summary>
    public void MustHaveLetIn(string way, Login login) => Assert.True(
        (login.ExitCode, login.Output) == (0, "alice"), $"{way}: {login}\n{Host.Syslog}");

    /// <summary>What waits for the phone, or nothing.</summary>
    public Task<string> WaitingAsync() => Phone.RunAsync("list");

    public OpenLogin Open(params string[] command) => Host.Client.Open(command);

    /// <summary>The server is gone, and [duo] says what then; nothing: it does not say.</summary>
    public async Task EndServerAsync(string failMode)
    {
        await Server.EndAsync();
        FailBy(failMode);
    }

    public void FailBy(string failMode)
    {
        string section = Host.Section.Replace(
            "failmode = secure\n", failMode == "" ? "" : $"failmode = {failMode}\n", StringComparison.Ordinal);
        Agent.Configure($"{section.TrimEnd()}\n{_lines}\n");
    }

    /// <summary>A passcode of this host, in the root-only store.</summary>
    public async Task<Authenticator> EnrolHereAsync(string user = "alice")
    {
        string shown = await Sandbox.RunAsync(StoreHost.Program, "enroll", "--user", user, "-C", "-Q", "NONE");
        return StoreHost.Read(shown).Phone;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
