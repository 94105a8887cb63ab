using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>
/// ~/.ssh/authorized_keys. The home belongs to its user, and what he puts there is not believed: it is touched with his
/// rights only, step by step from one open folder to the next, and no symbolic link is followed.
/// </summary>
internal sealed class AuthorizedKeys(Account account)
{
    private const int LargestFile = 1 << 20;
    private static readonly int Open = Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC;
    private const int WritableByOthers = 0x12; // 0022: sshd's StrictModes
    private const uint OfFolder = 0x1C0; // 0700
    private const uint OfFile = 0x180; // 0600

    private static readonly byte[] _ssh = [.. ".ssh\0"u8];
    private static readonly byte[] _file = [.. "authorized_keys\0"u8];

    public string Path => $"{account.Home}/.ssh/authorized_keys";

    /// <summary>The lines that hold a key; null: it cannot be told.</summary>
    public string[]? Read()
    {
        if (!Enter(out ActingUser acting))
        {
            return null;
        }

        using (acting)
        {
            try
            {
                using SafeFileHandle home = Home();
                using SafeFileHandle folder = Fcntl.openat(home, _ssh, Open | Fcntl.O_DIRECTORY, 0);
                return folder.IsInvalid && LastError() == Errno.ENOENT ? [] : KeyLines(Content(Checked(folder, "~/.ssh")));
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>Adds what is not there yet; what is there stays. Too open modes are closed.</summary>
    /// <param name="said">What was found and mended, for the administrator.</param>
    /// <exception cref="IOException">Nothing was added; the message says why.</exception>
    public void Add(IReadOnlyList<PublicKey> keys, Action<string> said)
    {
        if (!Enter(out ActingUser acting))
        {
            throw new IOException($"cannot act as {account.Name}");
        }

        using (acting)
        {
            using SafeFileHandle home = Home();
            Mend(home, WritableByOthers, null, account.Home, said);
            if (SysStat.mkdirat(home, _ssh, OfFolder) != 0 && LastError() != Errno.EEXIST)
            {
                throw Failed("~/.ssh");
            }

            using SafeFileHandle folder = Checked(Fcntl.openat(home, _ssh, Open | Fcntl.O_DIRECTORY, 0), "~/.ssh");
            Mend(folder, 0x3F, OfFolder, account.Home + "/.ssh", said);
            string before = Content(folder);
            string[] there = KeyLines(before);
            PublicKey[] missing = [.. keys.Where(key => !Holds(there, key))];
            if (there.Length > keys.Count - missing.Length)
            {
                said($"{Path} has {Number(there.Length - (keys.Count - missing.Length))} other key(s) in it, which stay");
            }

            Write(folder, missing, before, said);
            if (Unistd.fsync(home) != 0)
            {
                throw Failed(account.Home);
            }
        }
    }

    /// <summary>Whether one of these lines is for that key, with or without options and comment.</summary>
    public static bool Holds(IEnumerable<string> lines, PublicKey key) =>
        lines.Any(line => line.Split(' ', '\t').Contains(key.Blob));

    public static string[] KeyLines(string content) => [.. content.Split('\n')
        .Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];

    private void Write(SafeFileHandle folder, PublicKey[] missing, string before, Action<string> said)
    {
        if (missing.Length == 0)
        {
            using SafeFileHandle file = Checked(Fcntl.openat(folder, _file, Open, 0), "~/.ssh/authorized_keys");
            Mend(file, 0x3F, OfFile, Path, said);
            return;
        }

        string ended = before.Length == 0 || before.EndsWith('\n') ? before : before + '\n';
        byte[] content = Encoding.Latin1.GetBytes(
            ended + string.Concat(missing.Select(key => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(key.Line)) + '\n')));
        int error = DurableReplace.Write(folder, _file, content, () => true, () => false, out _, out _, OfFile);
        if (error != 0)
        {
            throw new IOException($"{Path}: {Unistd.StrError(error)}");
        }
    }

    /// <summary>One char a byte; empty where there is no file.</summary>
    private static string Content(SafeFileHandle folder)
    {
        using SafeFileHandle file = Fcntl.openat(folder, _file, Open, 0);
        if (file.IsInvalid && LastError() == Errno.ENOENT)
        {
            return "";
        }

        if (file.IsInvalid || Stat(file) is not { } stat)
        {
            throw Failed("~/.ssh/authorized_keys");
        }

        if ((stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG || stat.Size > LargestFile)
        {
            throw new IOException("~/.ssh/authorized_keys: it is no regular file, or too large");
        }

        byte[] content = new byte[(int)stat.Size];
        int done = 0;
        while (done < content.Length)
        {
            nint got = Unistd.pread(file, content.AsSpan(done), content.Length - done, done);
            if (got <= 0)
            {
                throw got < 0 ? Failed("~/.ssh/authorized_keys") : new IOException("~/.ssh/authorized_keys: it changes just now");
            }

            done += (int)got;
        }

        return Encoding.Latin1.GetString(content);
    }

    /// <summary>Takes away the bits that are too much; with a mode, sets that.</summary>
    private void Mend(SafeFileHandle place, int tooMuch, uint? mode, string path, Action<string> said)
    {
        SysStat.Statx stat = Stat(place) ?? throw Failed(path);
        if (stat.Uid != account.Uid)
        {
            throw new IOException($"{path}: it belongs to uid {Number((int)stat.Uid)} and not to {account.Name}");
        }

        int now = stat.Mode & 0xFFF;
        if ((now & tooMuch) == 0)
        {
            return;
        }

        uint next = mode ?? (uint)(now & ~tooMuch);
        if (SysStat.fchmod(place, next) != 0)
        {
            throw Failed(path);
        }

        said($"{path} had mode {Octal((uint)now)}, and has {Octal(next)} now");
    }

    private SafeFileHandle Home() => Checked(Fcntl.openat(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(account.Home + '\0'),
        Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0), account.Home);

    private static SafeFileHandle Checked(SafeFileHandle place, string path) => place.IsInvalid ? throw Failed(path) : place;

    private bool Enter(out ActingUser acting) =>
        ActingUser.TryEnter(account, account.Uid == 0 ? [] : Pwd.GroupsOf(account), out acting);

    private static SysStat.Statx? Stat(SafeFileHandle file) =>
        SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) == 0 ? stat : null;

    private static IOException Failed(string path) => LastError() switch
    {
        Errno.ELOOP or Errno.ENOTDIR => new($"{path}: it is a symbolic link, which is not followed, or no folder"),
        int error => new($"{path}: {Unistd.StrError(error)}"),
    };

    private static string Octal(uint mode) => "0" + Convert.ToString(mode, 8).PadLeft(3, '0');

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
}
