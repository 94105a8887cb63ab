using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Sallyport.Cli.Setup;

/// <summary>
/// The candidate files in front of a private sshd and a private agent, in a mount namespace of their own, on loopback,
/// before anything of the host's is changed. Nowhere else is the break-glass account itself tried: its key file there has
/// one more key, which lives as long.
/// </summary>
internal static partial class Rehearsal
{
    private const string Folder = ProbeAccount.Folder + "/rehearsal";

    // 0x49: IFF_UP, IFF_LOOPBACK and IFF_RUNNING of linux/if.h; not every host has ip(8).
    // A network of its own: nobody else reaches this sshd, or is it, for here other rules may hold and a key more opens.
    // All of it ends with setup, also where that is killed; the time limit is for a setup that hangs. The host's log is not
    // for it: there, that the break-glass account is used is an alarm.
    private const string Script = """
        exec >"$1/sshd.log" 2>&1
        set -e
        mount --bind "$1/pam.d" /etc/pam.d
        mount --bind "$1/ssh" /etc/ssh
        mount --bind "$1/sallyport" /etc/sallyport
        mount --bind "$1/keys" "$3"
        : >"$1/no-log"
        [ ! -e /dev/log ] || mount --bind "$1/no-log" /dev/log
        mkdir -p /run/sallyport /run/sshd "$1/sys"
        mount -t sysfs sysfs "$1/sys"
        echo 0x49 >"$1/sys/class/net/lo/flags"
        mount --bind "$1/run" /run/sallyport
        setpriv --pdeathsig TERM timeout 120 /usr/libexec/sallyport/sallyport-agent --socket /run/sallyport/agent.sock 2>"$1/agent.log" &
        exec timeout 120 /usr/sbin/sshd -D -e -p "$2" -o LogLevel=INFO -o ListenAddress=127.0.0.1 -o PidFile=none
        """;

    /// <exception cref="IOException">A login did not do what it should; nothing of the host's is changed.</exception>
    public static void Run(Plan plan, Action<string> tell)
    {
        string breakGlass = plan.Configuration.BreakGlass!.Name;
        tell($"a private sshd on loopback tries the new files, and {breakGlass} itself");
        var journal = new Journal
        {
            Previous = Journal.Read(),
            Boot = Processes.Boot,
            Probes = plan.Probes,
        };
        journal.Write();
        Units.Arm(Deadlines.Interactive);
        try
        {
            using var probes = Probes.Make(journal.Probes, plan.Configuration.Policy!);
            int port = Sshd.Address().Port; // as Match LocalPort has it
            Lay(plan, tell);
            using Process private_ = Process.Start(new ProcessStartInfo(
                "setpriv", ["--pdeathsig", "TERM", "unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", Script, "sh", Folder,
                    port.ToString(CultureInfo.InvariantCulture), plan.BreakGlassKeys])
            {
                RedirectStandardInput = true,
            })!;
            try
            {
                var place = new ProbePlace("127.0.0.1", port, plan.AskedByCommand, private_.Id);
                string? problem = Begins(private_)
                    ?? Explained(WithoutAgent(() => probes.ProblemWithoutAgent(place, breakGlass)))
                    ?? Explained(probes.Problem(place, plan.Configuration.Policy!, breakGlass));
                if (problem is not null)
                {
                    throw new IOException($"a private sshd with the new files: {problem}. Nothing is changed");
                }
            }
            finally
            {
                private_.Kill(entireProcessTree: true);
                private_.WaitForExit();
            }
        }
        finally
        {
            _ = Undo.Run(journal);
        }
    }

    private static void Lay(Plan plan, Action<string> tell)
    {
        // While the probes log in, with the gate: the strictest that will be.
        Candidate.Lay(Folder, plan.Files.Select(file => file == plan.Include ? file.After : file.Staged));
        Directory.CreateDirectory($"{Folder}/run");
        File.SetUnixFileMode($"{Folder}/run", (UnixFileMode)0x1ED /* 0755, whatever the umask: sallyport-login is the probe's */);
        HostFile keys = HostFile.Read(plan.BreakGlassKeys);
        string key = File.ReadAllText($"{ProbeAccount.Folder}/{plan.KeyAloneProbe}/key.pub");
        (keys.With($"{keys.Text}\n{key}") with { Path = $"{Folder}/keys" }).Put(); // with owner and mode as they are
        List<string> lines =
        [
            $"Match User {string.Join(',', plan.Probes)}", $"    AuthorizedKeysFile {ProbeAccount.Folder}/%u/key.pub", "Match all",
        ];
        string breakGlass = plan.Configuration.BreakGlass!.Name;
        if (Access.IsAllowedFromSomePlacesOnly(breakGlass))
        {
            tell($"AllowUsers lets {breakGlass} in from some addresses only: it is tried from here as if from one of them");
            lines.AddRange([$"Match User {breakGlass}", $"    AllowUsers {breakGlass}", "Match all"]);
        }

        foreach (string file in Directory.GetFiles($"{Folder}/ssh/sshd_config.d").Append($"{Folder}/ssh/sshd_config"))
        {
            ListenNowhere(file);
        }

        string first = $"{Folder}/ssh/sshd_config.d/00-rehearsal.conf";
        File.Delete(first);
        File.WriteAllLines(first, lines);
    }

    /// <summary>A link in the copy leads to the host's own file, which is read, and never written.</summary>
    private static void ListenNowhere(string copy)
    {
        string read = new FileInfo(copy).LinkTarget is null ? copy : $"/etc{copy[Folder.Length..]}";
        if (!File.Exists(read))
        {
            return; // a link to nothing: sshd will say so
        }

        string[] lines = [.. File.ReadAllLines(read).Where(line => !Listens().IsMatch(line))];
        File.Delete(copy);
        File.WriteAllLines(copy, lines);
    }

    private static string? Begins(Process sshd)
    {
        for (int i = 0; i < 200 && !sshd.HasExited; i++)
        {
            if (File.Exists($"{Folder}/run/agent.sock") && File.Exists($"{Folder}/sshd.log")
                && File.ReadAllText($"{Folder}/sshd.log").Contains("Server listening on ", StringComparison.Ordinal))
            {
                return null;
            }

            Thread.Sleep(50);
        }

        return $"it does not start: {Log()}";
    }

    private static string? Explained(string? problem) => problem is null ? null : $"{problem}; sshd said: {Log()}";

    /// <summary>The last that it wrote, which is on the login that went wrong; not that somebody came or went.</summary>
    private static string Log()
    {
        string[] lines = File.Exists($"{Folder}/sshd.log")
            ? [.. File.ReadLines($"{Folder}/sshd.log").Select(line => line.Trim()).Where(line => line.Length > 0 && !Comes().IsMatch(line)).TakeLast(3)]
            : [];
        return lines.Length > 0 ? string.Join("; ", lines) : "nothing";
    }

    private static string? WithoutAgent(Func<string?> login)
    {
        const string Socket = $"{Folder}/run/agent.sock";
        File.Move(Socket, Socket + ".away"); // still bound, and nobody finds it
        string? problem = login();
        File.Move(Socket + ".away", Socket);
        return problem;
    }

    [GeneratedRegex(@"^\s*(ListenAddress|Port|AddressFamily)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Listens();

    [GeneratedRegex("^(Server listening|kex_exchange_identification|Connection (closed|reset) by|Accepted )")]
    private static partial Regex Comes();
}
