using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>What runs under an account's uid, by /proc.</summary>
internal static class Processes
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);
    private const int Rounds = 250;

    /// <summary>As "1234 (sleep)".</summary>
    public static string[] Of(uint uid) => [.. Pids(uid).Select(pid => $"{pid} ({NameOf(pid)})")];

    /// <summary>Ends them all. False: some came back for five seconds, or will not end.</summary>
    public static bool End(uint uid)
    {
        for (int round = 0; round < Rounds; round++)
        {
            string[] pids = [.. Pids(uid)];
            if (pids.Length == 0)
            {
                return true;
            }

            foreach (string pid in pids)
            {
                Kill(pid, uid);
            }

            Thread.Sleep(_pause); // a process ends when it is scheduled next
        }

        return false;
    }

    // The descriptor is that process for ever: a number that is given to another one in between ends nobody.
    private static void Kill(string pid, uint uid)
    {
        using SafeFileHandle process = Unistd.pidfd_open(int.Parse(pid, CultureInfo.InvariantCulture));
        if (!process.IsInvalid && IsOf(pid, uid))
        {
            Unistd.pidfd_kill(process);
        }
    }

    private static IEnumerable<string> Pids(uint uid) => Directory.EnumerateDirectories("/proc")
        .Select(path => Path.GetFileName(path))
        .Where(name => name.All(char.IsAsciiDigit) && IsOf(name, uid));

    /// <summary>By any of the four uids that it has. A zombie runs no more.</summary>
    private static bool IsOf(string pid, uint uid)
    {
        try
        {
            string wanted = uid.ToString(CultureInfo.InvariantCulture);
            string[] lines = File.ReadAllLines($"/proc/{pid}/status");
            return !lines.Any(line => line.StartsWith("State:\tZ", StringComparison.Ordinal)) && lines
                .Where(line => line.StartsWith("Uid:", StringComparison.Ordinal))
                .Any(line => line[4..].Split('\t', StringSplitOptions.RemoveEmptyEntries).Contains(wanted));
        }
        catch (IOException)
        {
            return false; // it has ended
        }
    }

    private static string NameOf(string pid)
    {
        try
        {
            return Host.Messages.Printable.Of(File.ReadAllText($"/proc/{pid}/comm").Trim());
        }
        catch (IOException)
        {
            return "ended";
        }
    }
}
