namespace Sallyport.EndToEnd.Harness;

/// <summary>A real sshd in the sandbox, under a name and an address of its own.</summary>
internal sealed class SshHost
{
    private const string HostKey = "/etc/ssh/host_key";

    private const string Configuration = """
        AuthorizedKeysFile /etc/ssh/authorized_keys/%u
        UsePAM yes
        PasswordAuthentication no
        KbdInteractiveAuthentication yes
        AuthenticationMethods publickey,keyboard-interactive
        MaxStartups 100
        MaxAuthTries 20
        UseDNS no
        PrintMotd no
        PrintLastLog no
        LogLevel VERBOSE
        """;

    private const string InternalSftp = "Subsystem sftp internal-sftp";

    /// <summary>One key for all hosts of a sandbox; the client knows it.</summary>
    public static Task MakeHostKeyAsync(Sandbox sandbox) =>
        sandbox.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", HostKey);

    public static string PublicKey(Sandbox sandbox) => sandbox.Read(HostKey + ".pub").Trim();

    public static async Task StartAsync(
        Sandbox sandbox, string name, string address, string lines, CancellationToken cancellationToken)
    {
        string pidFile = $"/run/sshd-{name}.pid";
        string file = $"/etc/ssh/{name}.conf";

        // A Match block lasts to the end of the file, so the test's own lines come last.
        string own = $"ListenAddress {address}\nHostKey {HostKey}\nPidFile {pidFile}\n";
        // sshd takes one subsystem of a name, and none in a Match block.
        string sftp = lines.Contains("Subsystem sftp", StringComparison.Ordinal) ? "" : InternalSftp;
        sandbox.Write(file, $"{own}{Configuration}\n{sftp}\n{lines}\n");
        sandbox.Write("/etc/hosts", sandbox.Read("/etc/hosts") + $"{address} {name}\n");
        await sandbox.RunAsync("/usr/sbin/sshd", "-f", file);

        // Written after listen().
        await Wait.UntilAsync(() => sandbox.Exists(pidFile), $"sshd '{name}' listens", cancellationToken);
    }
}
