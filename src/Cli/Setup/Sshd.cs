using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Setup;

/// <summary>The host's sshd: what it makes of its files, and the process that listens.</summary>
internal static class Sshd
{
    public const string Program = "/usr/sbin/sshd";

    private const string PidFile = "/run/sshd.pid";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    public static bool HasSystemd => Directory.Exists("/run/systemd/system");

    /// <summary>ssh on Debian and Ubuntu, sshd elsewhere.</summary>
    public static string Unit =>
        File.Exists("/usr/lib/systemd/system/ssh.service") || File.Exists("/lib/systemd/system/ssh.service") ? "ssh" : "sshd";

    /// <exception cref="IOException">sshd would not start with these files; the message has its words.</exception>
    public static void Check(string config = SshdFiles.ConfigPath)
    {
        MakeItsFolder();
        Tool.Must(Program, "-t", "-f", config);
    }

    /// <summary>What holds for a login of that account: keyword in small letters, value.</summary>
    public static ILookup<string, string> Effective(string user, string config = SshdFiles.ConfigPath)
    {
        SshdConnection connection = SshdConnection.Of(user) with { Host = "localhost", Address = "127.0.0.1" };
        MakeItsFolder();
        return Tool.Must(Program, "-T", "-f", config, "-C", connection.ToString())
            .Split('\n').Select(line => line.Split(' ', 2)).Where(words => words.Length == 2)
            .ToLookup(words => words[0], words => words[1]);
    }

    /// <summary>
    /// Debian's sshd wants it, even to be asked. Its unit makes it, and takes it away where systemd has ended sshd until
    /// the next connection.
    /// </summary>
    public static void MakeItsFolder() => Directory.CreateDirectory("/run/sshd");

    /// <summary>The process that listens; 0 where none does.</summary>
    public static int Listener()
    {
        int pid = HasSystemd ? Number(Tool.Run("systemctl", "show", "-P", "MainPID", Unit).Output) : 0;
        pid = pid > 0 || !File.Exists(PidFile) ? pid : Number(File.ReadAllText(PidFile));
        if (pid > 0 && Processes.IsSshd(pid))
        {
            return pid;
        }

        // Its file may be gone: then the only one that listens is meant.
        return SshdProgram.Find() is SshdProgram usual && SshdListeners.Find(usual) is [{ Process: int only }] ? only : 0;
    }

    /// <summary>The new configuration, by reload and never by a restart: open sessions stay.</summary>
    /// <exception cref="IOException">sshd has not taken it, and goes on with what it had.</exception>
    public static int Reload()
    {
        int pid = Listener();
        if (pid == 0)
        {
            return 0; // nothing listens: whoever starts it reads the new files
        }

        Check();
        string before = Processes.Sockets(pid);
        Ran ran = HasSystemd ? Tool.Run("systemctl", "reload", Unit)
            : Tool.Run("kill", "-HUP", pid.ToString(CultureInfo.InvariantCulture));
        if (ran.ExitCode != 0)
        {
            throw new IOException($"sshd cannot be reloaded: {ran.Errors}");
        }

        // It closes its port and opens it anew. A socket handed to it by systemd stays; then the probes tell.
        long end = Environment.TickCount64 + (long)_patience.TotalMilliseconds;
        while (Processes.Sockets(pid) is string now && (now.Length == 0 || now == before) && Environment.TickCount64 < end)
        {
            Thread.Sleep(20);
        }

        (string address, int port) = Address();
        while (!Greets(address, port))
        {
            if (Environment.TickCount64 > end + 5000)
            {
                throw new IOException("sshd does not answer after its reload");
            }

            Thread.Sleep(50);
        }

        return Listener();
    }

    /// <summary>Where this host reaches its own sshd: over loopback, unless it listens elsewhere only.</summary>
    public static (string Address, int Port) Address()
    {
        ILookup<string, string> settings = Effective("root");
        List<IPEndPoint> all = [.. settings["listenaddress"].Select(text => IPEndPoint.TryParse(text, out IPEndPoint? at) ? at : null).OfType<IPEndPoint>()];
        IPEndPoint? chosen = all.Find(a => IPAddress.IsLoopback(a.Address) || a.Address.Equals(IPAddress.Any))
            ?? all.Find(a => a.Address.Equals(IPAddress.IPv6Any)) ?? all.FirstOrDefault();
        return chosen is null ? ("127.0.0.1", Number(settings["port"].FirstOrDefault("22")))
            : chosen.Address.Equals(IPAddress.Any) ? ("127.0.0.1", chosen.Port)
            : chosen.Address.Equals(IPAddress.IPv6Any) ? ("::1", chosen.Port)
            : (chosen.Address.ToString(), chosen.Port);
    }

    public static bool Greets(string address, int port)
    {
        try
        {
            using var client = new TcpClient(address.Contains(':', StringComparison.Ordinal) ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
            client.Client.Connect(IPAddress.Parse(address), port);
            client.ReceiveTimeout = 3000;
            byte[] banner = new byte[4];
            return client.GetStream().ReadAtLeast(banner, 4, throwOnEndOfStream: false) == 4
                && Encoding.ASCII.GetString(banner) == "SSH-";
        }
        catch (Exception unreachable) when (unreachable is SocketException or IOException)
        {
            return false;
        }
    }

    private static int Number(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
