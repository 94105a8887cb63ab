using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Files;

/// <summary>A folder that nobody but its owner can enter.</summary>
internal static class PrivateFolder
{
    private const int OthersBits = 0x3F; // 0077
    private const uint Mode = 0x1C0; // 0700

    /// <summary>Opens it; where there is none yet it makes one, in a folder that is there.</summary>
    /// <param name="path">An absolute path.</param>
    /// <exception cref="IOException">The folder cannot be used, or others may enter it.</exception>
    public static SafeFileHandle Open(string path)
    {
        SafeFileHandle folder = OpenFolder(path);
        if (folder.IsInvalid && LastError() == Errno.ENOENT && Make(path) == 0)
        {
            folder = OpenFolder(path);
        }

        SysStat.Statx stat = default;
        bool found = !folder.IsInvalid
            && SysStat.statx(folder, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out stat) == 0;
        string? problem = !found ? Unistd.StrError(LastError())
            : stat.Uid != Unistd.geteuid() || (stat.Mode & OthersBits) != 0
                ? "it must be owned by the user who runs this, with mode 0700"
                : null;
        if (problem is null)
        {
            return folder;
        }

        folder.Dispose();
        throw new IOException($"{path}: {problem}");
    }

    /// <summary>The files in it that are no leftovers, one char a byte.</summary>
    public static IEnumerable<string> Names(string path) => Directory.EnumerateFiles(path)
        .Select(file => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Path.GetFileName(file))))
        .Where(TotpStore.IsName);

    private static SafeFileHandle OpenFolder(string path) => Fcntl.openat(Fcntl.AT_FDCWD, Bytes(path),
        Fcntl.O_RDONLY | Fcntl.O_CLOEXEC | Fcntl.O_DIRECTORY | Fcntl.O_NOFOLLOW, 0);

    /// <summary>The folder's own name is on disk when it returns, or what comes first into it would be lost with it.</summary>
    private static int Make(string path)
    {
        int slash = path.LastIndexOf('/');
        using SafeFileHandle parent = Fcntl.openat(Fcntl.AT_FDCWD, Bytes(slash <= 0 ? "/" : path[..slash]),
            Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);
        bool made = !parent.IsInvalid && SysStat.mkdirat(parent, Bytes(path[(slash + 1)..]), Mode) == 0
            && Unistd.fsync(parent) == 0;
        return made ? 0 : LastError();
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1 + '\0');

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
}
