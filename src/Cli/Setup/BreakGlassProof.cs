using System.Buffers.Binary;
using System.Text;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>Whether the break-glass account will open when nothing else does.</summary>
/// <param name="KeysMove">Its keys have to be read from the root-owned place, and are there.</param>
/// <param name="KeyFile">The file of its keys that only root can change; null: none.</param>
internal sealed record BreakGlassProof(IReadOnlyList<string> Problems, bool KeysMove, string? KeyFile)
{
    private const int WtmpRecord = 384; // struct utmp, the same on every 64-bit glibc
    private const int LastlogRecord = 292;
    private const short USER_PROCESS = 7;
    private const int OthersWrite = 0x12; // 0022

    /// <param name="provedByProbe">setup --yes: a private sshd tries the account, so no earlier login is wanted.</param>
    public static BreakGlassProof Of(Exemption? glass, bool provedByProbe)
    {
        if (glass is null)
        {
            return new(["name an account for the day when nothing else works: --break-glass=NAME:UNTIL:REASON"], false, null);
        }

        if (Pwd.ByName(glass.Name) is not Account account)
        {
            return new([$"there is no account {glass.Name} for break-glass: sallyport user add {glass.Name} --key=KEY"], false, null);
        }

        List<string> problems = [];
        if (!glass.Holds(TimeProvider.System.GetUtcNow()))
        {
            problems.Add($"the break-glass account {glass.Name} ends on {glass.Until:yyyy-MM-dd}, which is past");
        }

        if (!provedByProbe && !HasLoggedIn(account))
        {
            problems.Add($"{glass.Name} has never logged in here: try its key once, ssh {glass.Name}@this-host");
        }

        // Where setup has run before, sshd reads the second place already, by setup's own word.
        string rootOwned = SshdFiles.RootOwnedKeys.Replace("%u", account.Name, StringComparison.Ordinal);
        string? here = KeyFiles(account).FirstOrDefault(file => file != rootOwned && IsRootOwned(file));
        string? keys = here ?? (IsRootOwned(rootOwned) ? rootOwned : null);
        if (keys is null)
        {
            problems.Add($"{glass.Name} has no key in a file that only root can change: install -D -o root -g root -m 644 "
                + $"{account.Home}/.ssh/authorized_keys /etc/ssh/authorized_keys.d/{account.Name}");
        }
        else if (Tool.Run("ssh-keygen", "-l", "-f", keys) is { ExitCode: not 0 } unread)
        {
            problems.Add($"there is no key for {glass.Name} in {keys}: {unread.Errors}");
        }

        return new(problems, here is null && keys is not null, keys);
    }

    private static IEnumerable<string> KeyFiles(Account account) => Sshd.Effective(account.Name)["authorizedkeysfile"]
        .SelectMany(files => files.Split(' '))
        .Select(file => SshdFiles.KeyFile(file, account));

    /// <summary>Nobody but root can change it, or put another in its place, and there is a key in it.</summary>
    private static bool IsRootOwned(string file)
    {
        if (!File.Exists(file) || File.ReadLines(file).All(line => line.TrimStart() is "" or ['#', ..]))
        {
            return false;
        }

        for (string? path = file; !string.IsNullOrEmpty(path); path = Path.GetDirectoryName(path))
        {
            if (SysStat.statx(Fcntl.AT_FDCWD, Encoding.UTF8.GetBytes(path + '\0'), Fcntl.AT_SYMLINK_NOFOLLOW,
                    SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) != 0
                || stat.Uid != 0 || (stat.Mode & OthersWrite) != 0 || (stat.Mode & SysStat.S_IFMT) == SysStat.S_IFLNK)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>By lastlog, by wtmp, or by what sshd itself has written to the journal.</summary>
    private static bool HasLoggedIn(Account account) => InLastlog(account) || InWtmp(account) || (Sshd.HasSystemd
        && Tool.Run("journalctl", "-q", "-o", "cat", "-n", "1", "_UID=0", "-t", "sshd", "-t", "sshd-session",
            "--grep", $"^Accepted publickey for {account.Name} from ").Output.Length > 0);

    private static bool InLastlog(Account account)
    {
        if (!File.Exists("/var/log/lastlog"))
        {
            return false;
        }

        using FileStream lastlog = File.OpenRead("/var/log/lastlog");
        byte[] record = new byte[LastlogRecord];
        lastlog.Seek((long)account.Uid * LastlogRecord, SeekOrigin.Begin);
        return lastlog.ReadAtLeast(record, LastlogRecord, throwOnEndOfStream: false) == LastlogRecord
            && BinaryPrimitives.ReadInt32LittleEndian(record) != 0;
    }

    private static bool InWtmp(Account account)
    {
        if (!File.Exists("/var/log/wtmp"))
        {
            return false;
        }

        using FileStream wtmp = File.OpenRead("/var/log/wtmp");
        byte[] record = new byte[WtmpRecord];
        while (wtmp.ReadAtLeast(record, WtmpRecord, throwOnEndOfStream: false) == WtmpRecord)
        {
            string user = Encoding.Latin1.GetString(record, 44, 32).Split('\0')[0];
            bool remote = record[76] != 0;
            if (BinaryPrimitives.ReadInt16LittleEndian(record) == USER_PROCESS && remote && user == account.Name)
            {
                return true;
            }
        }

        return false;
    }
}
