namespace Sallyport.EndToEnd.Harness;

/// <summary>sallyport-agent in a sandbox, as root, on the socket where the module looks for it.</summary>
internal sealed class Agent(Sandbox sandbox, CancellationToken cancellationToken)
{
    public const string Configuration = "/etc/sallyport/sallyport.conf";

    private const string Program = "/usr/libexec/sallyport/sallyport-agent";
    private const string SocketPath = "/run/sallyport/agent.sock";
    private const string PidFile = "/run/sallyport-agent.pid";
    private const UnixFileMode RootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private Command? _command;
    private Command? _tracer;

    public void Install()
    {
        sandbox.Copy(Built.Agent, Program);
        Configure("");
        Directory.CreateDirectory(sandbox.Outside("/run/sallyport"));
    }

    public void Configure(string text, UnixFileMode mode = RootOnly) => sandbox.Write(Configuration, text, mode);

    public async Task StartAsync()
    {
        _command = Launch();
        await ListensAsync();
    }

    public Task ListensAsync() => Wait.UntilAsync(Listens, "somebody listens at the agent's socket", cancellationToken);

    /// <summary>Starts an agent that is expected to end by itself, and waits for that.</summary>
    public async Task<Outcome> RefuseToStartAsync()
    {
        using Command command = Launch();
        return await command.EndAsync(cancellationToken);
    }

    public Task KillAsync() => EndAsync("KILL");

    /// <summary>KILL is a crash; TERM is how systemd ends it.</summary>
    public async Task EndAsync(string signal)
    {
        await sandbox.RunAsync("kill", $"-{signal}", sandbox.Read(PidFile).Trim());
        using (_command)
        {
            await _command!.EndAsync(cancellationToken);
        }
    }

    /// <summary>It neither ends nor answers: systemd sees nothing wrong with it.</summary>
    public async Task FreezeAsync()
    {
        // Another one, as a child of the sandbox: nsenter stops when its child does, and would not see the sandbox end.
        await KillAsync();
        await sandbox.RunAsync("sh", "-c", "\"$@\" > /dev/null 2>&1 & echo $! > \"$0\"", PidFile,
            Program, "--config", Configuration, "--socket", SocketPath);
        await ListensAsync();
        await sandbox.RunAsync("kill", "-STOP", sandbox.Read(PidFile).Trim());
    }

    /// <summary>
    /// In place of the agent that was killed, as root: reads what each caller says, sends him these bytes (in Perl), hangs up.
    /// </summary>
    public async Task ReplaceAsync(string bytes)
    {
        await sandbox.RunAsync("sh", "-c", """
            rm -f "$0"
            perl -MSocket -e '
                socket(my $door, AF_UNIX, SOCK_STREAM, 0); bind($door, pack_sockaddr_un($ARGV[0])) or die $!; listen($door, 9);
                while (accept(my $caller, $door)) { sysread($caller, my $said, 65541); syswrite($caller, eval qq("$ARGV[1]")) }
            ' "$0" "$1" > /dev/null 2>&1 &
            """, SocketPath, bytes);
        await ListensAsync();
    }

    /// <summary>
    /// Makes it wait 30 ms before each fsync and each rename, as a busy disk does: what is not held under a lock from
    /// the check to the rename has time to go wrong.
    /// </summary>
    public async Task SlowDiskAsync()
    {
        string pid = sandbox.Read(PidFile).Trim();
        _tracer = sandbox.Start([
            "strace", "-f", "-qq", "-o", "/dev/null",
            "-e", "trace=fsync,/rename", "-e", "inject=fsync,/rename:delay_enter=30000", "-p", pid,
        ]);
        await Wait.UntilAsync(
            () => !sandbox.Read($"/proc/{pid}/status").Contains("TracerPid:\t0\n", StringComparison.Ordinal),
            "strace holds the agent", cancellationToken);
    }

    private Command Launch() => sandbox.Start([
        "sh", "-c", "echo $$ > \"$1\"; shift; exec \"$@\"", "sh", PidFile,
        Program, "--config", Configuration, "--socket", SocketPath,
    ]);

    // /proc/net/unix is per network namespace; flags 00010000 is "accepts connections".
    private bool Listens() => File.ReadLines(sandbox.Outside("/proc/1/net/unix"))
        .Any(line => line.EndsWith(SocketPath, StringComparison.Ordinal) && line.Contains(" 00010000 "));
}
