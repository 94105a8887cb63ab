using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>
/// /etc/ssh/authorized_keys.d/NAME, root's: a key that neither its user nor a thief in his shell can add to. sshd reads it
/// as the user, so everybody may read it.
/// </summary>
internal static class RootOwnedKeys
{
    public const string Folder = "/etc/ssh/authorized_keys.d";

    private const uint OfFolder = 0x1ED; // 0755
    private const uint OfFile = 0x1A4; // 0644
    private const int WritableByOthers = 0x12;
    private const int LargestFile = 1 << 20;

    public static string PathOf(string name) => $"{Folder}/{name}";

    /// <summary>The lines that hold a key; null: it cannot be told.</summary>
    public static string[]? Read(string name)
    {
        try
        {
            var file = new FileInfo(PathOf(name));
            return !file.Exists ? [] : file.LinkTarget is not null || file.Length > LargestFile ? null
                : AuthorizedKeys.KeyLines(File.ReadAllText(file.FullName, Encoding.Latin1));
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <exception cref="IOException">Nothing was added; the message says why.</exception>
    public static void Add(string name, IReadOnlyList<PublicKey> keys)
    {
        using SafeFileHandle folder = Open(make: true) ?? throw new IOException($"{Folder}: it cannot be made");
        string[] there = Read(name) ?? throw new IOException($"{PathOf(name)}: it cannot be read");
        IEnumerable<string> lines = keys.Where(key => !AuthorizedKeys.Holds(there, key))
            .Select(key => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(key.Line)));
        byte[] content = Encoding.Latin1.GetBytes(string.Concat(there.Concat(lines).Select(line => line + '\n')));
        int error = DurableReplace.Write(
            folder, Name(name), content, () => true, () => false, out _, out _, OfFile);
        if (error != 0)
        {
            throw new IOException($"{PathOf(name)}: {Unistd.StrError(error)}");
        }
    }

    /// <summary>0 or an errno; where there is none that is well.</summary>
    public static int Remove(string name)
    {
        using SafeFileHandle? folder = Open(make: false);
        return folder is null || Unistd.unlinkat(folder, Name(name), 0) == 0 || LastError() == Errno.ENOENT ? 0 : LastError();
    }

    private static SafeFileHandle? Open(bool make)
    {
        byte[] path = Encoding.ASCII.GetBytes(Folder + '\0');
        if (make && SysStat.mkdirat(new SafeFileHandle(Fcntl.AT_FDCWD, ownsHandle: false), path, OfFolder) == 0)
        {
            _ = SysStat.chmod(path, OfFolder); // whatever the umask was
        }

        SafeFileHandle folder = Fcntl.openat(
            Fcntl.AT_FDCWD, path, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0);
        if (folder.IsInvalid)
        {
            return !make && LastError() == Errno.ENOENT ? null : throw new IOException($"{Folder}: {Unistd.StrError(LastError())}");
        }

        bool known = SysStat.statx(folder, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) == 0;
        if (known && stat.Uid == 0 && (stat.Mode & WritableByOthers) == 0)
        {
            return folder;
        }

        folder.Dispose();
        throw new IOException($"{Folder}: it must be root's, and nobody else's to write in (mode 0755)");
    }

    private static byte[] Name(string name) => Encoding.Latin1.GetBytes(name + '\0');

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
}
