using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Cli.Sshd;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>Where sshd looks for an account's keys (AuthorizedKeysFile).</summary>
internal static class AuthorizedKeys
{
    private const int LargestFile = 1 << 20;

    public static IEnumerable<string> Files(EffectiveConfiguration sshd, Account account) =>
        from pattern in sshd.Words("authorizedkeysfile")
        where pattern != "none"
        let path = pattern.Replace("%%", "%", StringComparison.Ordinal)
            .Replace("%h", account.Home, StringComparison.Ordinal)
            .Replace("%u", account.Name, StringComparison.Ordinal)
            .Replace("%U", account.Uid.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        select path.StartsWith('/') ? path : $"{account.Home}/{path}";

    /// <summary>A key without a command of its own: the one that some clouds give root only says whom to log in as.</summary>
    public static bool HasFreeKey(string path) => Keys(path).Any(key => !IsKept(key));

    /// <summary>A key that is kept to one command.</summary>
    public static bool HasCommand(string path) => Keys(path).Any(IsKept);

    private static bool IsKept(string key) => key.Contains("command=", StringComparison.OrdinalIgnoreCase);

    /// <summary>Its owner chooses what stands there: a FIFO must not hang root, nor an endless file fill its memory.</summary>
    private static string[] Keys(string path)
    {
        using SafeFileHandle file = Fcntl.openat(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(path + '\0'),
            Fcntl.O_RDONLY | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        if (file.IsInvalid
            || SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) != 0
            || (stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG)
        {
            return [];
        }

        byte[] content = new byte[LargestFile];
        int length = 0;
        while (Unistd.read(file, content.AsSpan(length), content.Length - length) is > 0 and nint got)
        {
            length += (int)got;
        }

        return
        [
            .. Encoding.Latin1.GetString(content, 0, length).Split('\n').Select(line => line.Trim())
                .Where(line => line.Length > 0 && line[0] != '#'),
        ];
    }

    /// <summary>The file and the folders above it that others than their owner can write.</summary>
    public static IEnumerable<string> OpenPlaces(string path)
    {
        const int WritableByOthers = 0x12; // 0022
        for (string? place = path; place is not null; place = Path.GetDirectoryName(place))
        {
            if (FileFacts.TryRead(place, out FileFacts facts, follow: true) && (facts.Mode & WritableByOthers) != 0)
            {
                yield return place;
            }
        }
    }
}
