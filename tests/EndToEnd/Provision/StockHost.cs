using System.Globalization;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Tool = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Provision;

/// <summary>What ansible-playbook counted for the host.</summary>
internal sealed record Recap(int ExitCode, int Changed, int Unreachable, int Failed, string Output);

/// <summary>
/// A host with the distribution's own sshd_config and PAM, and beside it Ansible, in one sandbox. sallyport is the real
/// program, or one that writes down its calls and on "setup --yes" leaves the files that setup leaves.
/// </summary>
internal sealed partial class StockHost : IAsyncDisposable
{
    public const string DropIn = "/etc/ssh/sshd_config.d/10-sallyport.conf";

    private const UnixFileMode Runnable = (UnixFileMode)0b111_101_101;
    private const UnixFileMode RootOnly = (UnixFileMode)0b110_000_000;

    private const string Setup = SetupContract.Recorder + """
        drop_in=/etc/ssh/sshd_config.d/10-sallyport.conf
        if [ "$2" = status ]; then
            echo '{"state":"none"}'
        elif [ "$2" = plan ]; then
            changed=true
            [ ! -e $drop_in ] || changed=false
            echo '{"files":[{"path":"'$drop_in'","changed":'$changed'}],"refusals":[],"notes":[]}'
        else
            cp -R --preserve=mode /srv/after/. /
            kill -HUP "$(cat /run/sshd.pid)"
        fi

        """;

    private int _runs;

    private StockHost(Sandbox sandbox, Agent agent, SshClient client)
    {
        Sandbox = sandbox;
        Agent = agent;
        Client = client;
    }

    public Sandbox Sandbox { get; }

    public Agent Agent { get; }

    public SshClient Client { get; }

    public static async Task<StockHost> StartAsync(bool real = false)
    {
        Tools.MustBeThere();
        Tools.MustBeThere("ansible-playbook", "ansible");
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        Sandbox sandbox = await Sandbox.StartAsync(cancellationToken);
        StockHost host = new(sandbox, new(sandbox, cancellationToken), new(sandbox, cancellationToken));
        try
        {
            await host.PrepareAsync(real, cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    /// <summary>Runs the play as this account, with these further arguments of ansible-playbook.</summary>
    public Task<Recap> PlayAsync(string user, params string[] arguments) =>
        RunAsync(["ansible-playbook", "-i", Inventory(user), "/srv/play.yml", .. arguments]);

    public Task<Recap> PingAsync(string user) => RunAsync(["ansible", "-i", Inventory(user), "all", "-m", "ping"]);

    public async Task EnrolAsync(string name, Authenticator phone)
    {
        string file = $"/home/{name}/.google_authenticator";
        Sandbox.Write(file, $"{phone.Secret}\n\" TOTP_AUTH\n", RootOnly);
        await Sandbox.RunAsync("chown", $"{name}:{name}", file);
    }

    /// <summary>The calls of sallyport, a line each.</summary>
    public string[] Calls() =>
        Sandbox.Exists("/run/recorded") ? Sandbox.Read("/run/recorded").TrimEnd('\n').Split('\n') : [];

    public ValueTask DisposeAsync() => Sandbox.DisposeAsync();

    private async Task PrepareAsync(bool real, CancellationToken cancellationToken)
    {
        await Sandbox.RunAsync("sh", "-ec", "ssh-keygen -A; cp /etc/ssh/ssh_host_ed25519_key.pub /etc/ssh/host_key.pub");
        await Away.WireAsync(Sandbox.Pid);
        await Client.InstallAsync();
        foreach (string name in (string[])["ansible", "alice", "rescue"])
        {
            await Sandbox.RunAsync("useradd", "--create-home", "--shell", "/bin/bash", name);
            Sandbox.Write($"/home/{name}/.ssh/authorized_keys", Client.PublicKey + "\n");
            await Sandbox.RunAsync("chown", "-R", $"{name}:{name}", $"/home/{name}/.ssh");
            Sandbox.Write($"/etc/sudoers.d/{name}", $"{name} ALL=(ALL) NOPASSWD: ALL\n", (UnixFileMode)0b100_100_000);
        }

        // The break-glass account's key lies where only root can change it.
        Sandbox.Write("/etc/ssh/authorized_keys.d/rescue", Client.PublicKey + "\n");
        await Sandbox.RunAsync("sh", "-ec", "rm -f /etc/ssh/sshd_config.d/*; /usr/sbin/sshd");
        await Wait.UntilAsync(() => Sandbox.Exists("/run/sshd.pid"), "sshd listens", cancellationToken);

        Sandbox.Copy(Built.Module, $"{World.ModuleFolder(Sandbox)}/pam_sallyport.so");
        Agent.Install();
        await Agent.StartAsync();
        await WriteTreeAsync();
        if (!real)
        {
            Sandbox.Write("/srv/tree/usr/bin/sallyport", Setup, Runnable);
            WriteWhatSetupLeaves();
        }

        string role = Path.Combine(Built.Root, "eng/ansible/roles/sallyport");
        foreach (string file in Directory.GetFiles(role, "*.yml", SearchOption.AllDirectories))
        {
            Sandbox.Copy(file, $"/srv/roles/sallyport/{Path.GetRelativePath(role, file)}");
        }
    }

    private async Task WriteTreeAsync()
    {
        (await Tool.RunAsync(Path.Combine(Built.Root, "dev"), ["install", $"DESTDIR={Sandbox.Outside("/srv/tree")}"])).Succeeded();

        // Each file costs Ansible a second: a few of each kind are enough.
        await Sandbox.RunAsync("sh", "-ec", "cd /srv/tree/usr/share; rm -r man bash-completion fish zsh");
        Sandbox.Write("/srv/play.yml", File.ReadAllText(Path.Combine(Built.Root, "tests/EndToEnd/Provision/play.yml")));
    }

    private void WriteWhatSetupLeaves()
    {
        Sandbox.Write("/srv/after" + DropIn, """
            UsePAM yes
            PasswordAuthentication no
            KbdInteractiveAuthentication yes
            AuthenticationMethods publickey,keyboard-interactive
            Match all
            Match User rescue,ansible
                AuthenticationMethods publickey
            Match all

            """);
        string pam = Sandbox.Read("/etc/pam.d/sshd")
            .Replace("@include common-auth", "auth required pam_sallyport.so", StringComparison.Ordinal)
            .Replace("@include common-session", "session required pam_sallyport.so\n@include common-session", StringComparison.Ordinal);
        Sandbox.Write("/srv/after/etc/pam.d/sshd", pam);
        Sandbox.Write("/srv/after/etc/sallyport/sallyport.conf", """
            [policy]
            ask = all
            [exempt ansible]
            reason = Ansible logs in by its key alone
            until = 2099-12-31

            """, RootOnly);
    }

    // Nothing of the run before is left open, so that each run logs in anew.
    private async Task<Recap> RunAsync(string[] command)
    {
        string run = (++_runs).ToString(CultureInfo.InvariantCulture);
        Outcome outcome = await Sandbox.TryAsync([
            "env", "ANSIBLE_ROLES_PATH=/srv/roles", $"ANSIBLE_SSH_CONTROL_PATH_DIR=/run/ansible-{run}",
            "ANSIBLE_PIPELINING=1", "ANSIBLE_NOCOLOR=1", .. command]);
        return new(
            outcome.ExitCode, Count("changed"), Count("unreachable"), Count("failed"), outcome.ToString());

        int Count(string what) => Recapped().Matches(outcome.Output)
            .Where(match => match.Groups["what"].Value == what)
            .Select(match => int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture)).LastOrDefault();
    }

    private string Inventory(string user)
    {
        Sandbox.Write($"/srv/{user}.ini",
            $"host ansible_host=127.0.0.1 ansible_user={user} ansible_python_interpreter=/usr/bin/python3\n");
        return $"/srv/{user}.ini";
    }

    [GeneratedRegex(@"(?<what>changed|unreachable|failed)=(?<count>\d+)")]
    private static partial Regex Recapped();
}
