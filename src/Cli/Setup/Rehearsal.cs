using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
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
        mkdir -p /run/sallyport /run/sshd
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
            int port = FreePort();
            Lay(plan, tell);
            using Process private_ = Process.Start(new ProcessStartInfo(
                "setpriv", ["--pdeathsig", "TERM", "unshare", "--mount", "--propagation", "private", "sh", "-c", Script, "sh", Folder,
                    port.ToString(CultureInfo.InvariantCulture), plan.BreakGlassKeys])
            {
                RedirectStandardInput = true,
            })!;
            try
            {
                string? problem = Begins(private_, port)
                    ?? Explained(WithoutAgent(() => probes.ProblemWithoutAgent("127.0.0.1", port, breakGlass)))
                    ?? Explained(probes.Problem("127.0.0.1", port, plan.Configuration.Policy!, breakGlass));
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

        File.WriteAllLines($"{Folder}/ssh/sshd_config.d/00-rehearsal.conf", lines);
        foreach (string file in Directory.EnumerateFiles($"{Folder}/ssh/sshd_config.d").Append($"{Folder}/ssh/sshd_config"))
        {
            File.WriteAllLines(file, [.. File.ReadAllLines(file).Where(line => !Listens().IsMatch(line))]);
        }
    }

    private static string? Begins(Process sshd, int port)
    {
        for (int i = 0; i < 200; i++)
        {
            if (Sshd.Greets("127.0.0.1", port) && File.Exists($"{Folder}/run/agent.sock"))
            {
                return null;
            }

            if (sshd.HasExited)
            {
                break;
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

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^\s*(ListenAddress|Port|AddressFamily)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Listens();

    [GeneratedRegex("^(Server listening|kex_exchange_identification|Connection (closed|reset) by|Accepted )")]
    private static partial Regex Comes();
}
