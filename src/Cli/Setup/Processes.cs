using System.Globalization;
using System.Net;

namespace Sallyport.Cli.Setup;

/// <summary>What the kernel says of processes and their sockets (proc(5)): nothing that a user could set.</summary>
internal static class Processes
{
    public static long SinceBoot => (long)(double.Parse(
        File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) * 1000);

    public static string Boot => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public static int Parent(int pid) => int.Parse(Stat(pid)[1], CultureInfo.InvariantCulture);

    /// <summary>Milliseconds since boot. A tick is a hundredth of a second on every Linux that .NET runs on.</summary>
    public static long Started(int pid) => long.Parse(Stat(pid)[19], CultureInfo.InvariantCulture) * 10;

    /// <summary>Whether that is the program sshd, or the part of it that newer ones have for a session.</summary>
    public static bool IsSshd(int pid)
    {
        string? program = new FileInfo($"/proc/{pid}/exe").LinkTarget?.Replace(" (deleted)", "", StringComparison.Ordinal);
        return program is not null && Path.GetFileName(program) is "sshd" or "sshd-session" or "sshd-auth"
            && program.StartsWith("/usr/", StringComparison.Ordinal);
    }

    public static uint Uid(int pid) => uint.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1],
        CultureInfo.InvariantCulture);

    /// <summary>The inodes of the sockets on which a process listens.</summary>
    public static string Sockets(int pid) => string.Join(' ', Tcp(pid, "0A").Select(socket => socket.Inode).Order(StringComparer.Ordinal));

    /// <summary>Its connection as sshd tells it to PAM (SSH_CONNECTION); null: it has none.</summary>
    public static string? Connection(int pid) => Tcp(pid, "01").Select(socket => $"{socket.Remote} {socket.Local}").FirstOrDefault();

    private static List<(string Inode, string Local, string Remote)> Tcp(int pid, string state)
    {
        try
        {
            HashSet<string> own =
            [
                .. new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Select(fd => fd.LinkTarget)
                    .Where(target => target is not null && target.StartsWith("socket:[", StringComparison.Ordinal))
                    .Select(target => target![8..^1]),
            ];
            return
            [
                .. from file in (string[])[$"/proc/{pid}/net/tcp", $"/proc/{pid}/net/tcp6"]
                   where File.Exists(file)
                   from line in File.ReadLines(file).Skip(1)
                   let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                   where words.Length > 9 && words[3] == state && own.Contains(words[9])
                   select (words[9], EndPoint(words[1]), EndPoint(words[2])),
            ];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Address and port in hexadecimal; the address is words of the machine's own byte order.</summary>
    private static string EndPoint(string text)
    {
        string[] parts = text.Split(':');
        byte[] bytes = Convert.FromHexString(parts[0]);
        for (int word = 0; word < bytes.Length; word += 4)
        {
            Array.Reverse(bytes, word, 4);
        }

        var address = new IPAddress(bytes);
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return $"{address} {int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)}";
    }

    /// <summary>What stands behind the program's name, which may hold anything: state, parent and so on.</summary>
    private static string[] Stat(int pid)
    {
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }
}
