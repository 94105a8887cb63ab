using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>
/// bench/sandbox.sh held open: two throw-away accounts and a /dev/log of our own in a private mount namespace, whose
/// files this process reaches through /proc. It ends with this process, also if that is killed: the shell in it waits
/// for the end of its input.
/// </summary>
public sealed class Sandbox : IDisposable
{
    public const string Home = "/dev/home/ada";

    public const string Central = "/dev/home/central";

    private const string Marker = "the end of this login's lines";

    private readonly Process _shell;
    private readonly Socket _log = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint _logAddress;

    public Sandbox()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException("These tests need root (mounts, accounts, PAM): run sudo ./dev test");
        }

        Command.Run("make", "--silent", "-C", Path.Combine(Built.Root, "bench"));
        FakeTime = Built.InLibraries("faketime/libfaketime.so.1")
            ?? throw new InvalidOperationException(
                "libfaketime is missing: run ./dev test or apt-get install libfaketime");

        _shell = Command.Start(
            Path.Combine(Built.Root, "bench", "sandbox.sh"), ["sh", "-c", "echo ready && exec cat"]);
        if (_shell.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"bench/sandbox.sh: {_shell.StandardError.ReadToEnd()}");
        }

        _logAddress = new UnixDomainSocketEndPoint(Inside("/dev/log"));
        _log.Bind(_logAddress);
        Command.Run("chmod", "0666", Inside("/dev/log"));
    }

    public static string PamLoop { get; } = Path.Combine(Built.Root, "out", "bench", "pam-loop");

    public string FakeTime { get; }

    public static string FrozenAt(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A path of the sandbox as this process reaches it.</summary>
    public string Inside(string path) => $"/proc/{_shell.Id}/root{path}";

    /// <summary>The command line that runs a program in the sandbox under a clock that stands still.</summary>
    public IEnumerable<string> Frozen(IEnumerable<string> clock, IEnumerable<string> commandLine) =>
    [
        $"--target={_shell.Id}", "--mount", "--root", "--wd", "env",
        $"LD_PRELOAD={FakeTime}", "FAKETIME_DONT_FAKE_MONOTONIC=1", "TZ=UTC", .. clock, .. commandLine,
    ];

    /// <summary>Runs something while reading /dev/log: its queue is short, and a full one stops the writer.</summary>
    internal (T Result, IReadOnlyList<string> Log) WithLog<T>(Func<T> run)
    {
        Task<List<string>> lines = Task.Run(ReadLog);
        try
        {
            return (run(), EndLog(lines));
        }
        catch
        {
            EndLog(lines);
            throw;
        }
    }

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
        _log.Dispose();
    }

    private List<string> ReadLog()
    {
        List<string> lines = [];
        byte[] buffer = new byte[65536];
        while (true)
        {
            string line = Encoding.Latin1.GetString(buffer, 0, _log.Receive(buffer));
            if (line == Marker)
            {
                return lines;
            }

            lines.Add(line);
        }
    }

    // Datagrams keep their order: when the marker has come, so has all that the login wrote.
    private List<string> EndLog(Task<List<string>> lines)
    {
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        sender.SendTo(Encoding.Latin1.GetBytes(Marker), _logAddress);
        return lines.GetAwaiter().GetResult();
    }
}
