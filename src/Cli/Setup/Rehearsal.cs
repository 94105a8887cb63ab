using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Sallyport.Cli.Setup;

/// <summary>
/// setup --yes: the candidate files in front of a private sshd and a private agent, in a mount namespace of their own, on
/// loopback, before anything of the host's is changed. It also proves the break-glass account, by a key that lives there.
/// </summary>
internal static partial class Rehearsal
{
    private const string Folder = ProbeAccount.Folder + "/rehearsal";

    // All of it ends with the time limit, also where setup itself was killed.
    private const string Script = """
        set -e
        mount --bind "$1/pam.d" /etc/pam.d
        mount --bind "$1/ssh" /etc/ssh
        mount --bind "$1/sallyport" /etc/sallyport
        mkdir -p /run/sallyport /run/sshd
        mount --bind "$1/run" /run/sallyport
        timeout 120 /usr/libexec/sallyport/sallyport-agent --socket /run/sallyport/agent.sock 2>"$1/agent.log" &
        exec timeout 120 /usr/sbin/sshd -D -e -p "$2" -o ListenAddress=127.0.0.1 -o PidFile=none 2>"$1/sshd.log"
        """;

    /// <exception cref="IOException">A login did not do what it should; nothing of the host's is changed.</exception>
    public static void Run(Plan plan, Action<string> tell)
    {
        tell("a private sshd on loopback tries the new files");
        var journal = new Journal
        {
            Previous = Journal.Read(),
            Boot = Processes.Boot,
            Probes = [ProbeAccount.NewName(), ProbeAccount.NewName(), plan.KeyAloneProbe],
        };
        journal.Write();
        Units.Arm(Deadlines.Interactive);
        try
        {
            using var probes = Probes.Make(journal.Probes, plan.Configuration.Policy!);
            int port = FreePort();
            Lay(plan);
            using Process private_ = Process.Start(new ProcessStartInfo(
                "unshare", ["--mount", "--propagation", "private", "sh", "-c", Script, "sh", Folder, port.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardInput = true,
            })!;
            try
            {
                string? problem = Begins(private_, port)
                    ?? probes.Problem("127.0.0.1", port, plan.Configuration.Policy!, plan.Configuration.BreakGlass!.Name);
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

    private static void Lay(Plan plan)
    {
        // While the probes log in, with the gate: the strictest that will be.
        Candidate.Lay(Folder, plan.Files.Select(file => file == plan.Include ? file.After : file.Staged));
        Directory.CreateDirectory($"{Folder}/run");
        File.WriteAllText($"{Folder}/ssh/sshd_config.d/00-rehearsal.conf",
            $"Match User {plan.Configuration.BreakGlass!.Name}\n"
            + $"    AuthorizedKeysFile {ProbeAccount.Folder}/{plan.KeyAloneProbe}/key.pub\n");
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

        string log = File.Exists($"{Folder}/sshd.log") ? File.ReadAllText($"{Folder}/sshd.log").Trim() : "";
        return $"it does not start: {log}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^\s*(ListenAddress|Port|AddressFamily)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Listens();
}
