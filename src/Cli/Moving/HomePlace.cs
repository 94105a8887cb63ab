using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Moving;

/// <summary>
/// <c>~/.google_authenticator</c> of an account, touched with that account's rights only, without following a link.
/// </summary>
internal sealed class HomePlace(Account account)
{
    /// <summary>While it moves: no module finds it under this name, and what stopped half-way is found again.</summary>
    private const string MovingSuffix = "~sallyport";

    private readonly string _path = $"{account.Home}/.google_authenticator";

    public string Path => _path;

    public string MovingPath => _path + MovingSuffix;

    /// <summary>Dispose of the reading; its problem says what is in the way.</summary>
    public Host.Files.HomeFile.Reading Read() => File(_path).Read();

    public Host.Files.HomeFile.Reading ReadMoving() => File(MovingPath).Read();

    /// <summary>From now on nobody logs in by it. 0 or an errno.</summary>
    public int MoveAside() => InHome((folder, name) =>
        Stdio.renameat2(folder, name, folder, Name(MovingPath), Stdio.RENAME_NOREPLACE));

    /// <summary>0 or an errno.</summary>
    public int RemoveMoving() => InHome((folder, _) => Unistd.unlinkat(folder, Name(MovingPath), 0));

    /// <summary>0 or an errno. What is there may be a link or worse: its name goes, and nothing else.</summary>
    public int Remove() => InHome((folder, name) => Unistd.unlinkat(folder, name, 0));

    /// <summary>Writes the file anew, durably. EEXIST where one is there and may not be replaced.</summary>
    public int Write(ReadOnlyMemory<byte> content, bool replace)
    {
        if (!ActingUser.TryEnter(account, account.Uid == 0 ? [] : Pwd.GroupsOf(account), out ActingUser acting))
        {
            return Errno.EPERM;
        }

        using (acting)
        {
            using SafeFileHandle folder = OpenHome();
            if (folder.IsInvalid)
            {
                return LastError();
            }

            bool there = SysStat.statx(
                folder, Name(_path), Fcntl.AT_SYMLINK_NOFOLLOW, SysStat.STATX_BASIC_STATS, out SysStat.Statx found) == 0;
            if (there && (!replace || (found.Mode & SysStat.S_IFMT) != SysStat.S_IFREG))
            {
                return Errno.EEXIST;
            }

            return DurableReplace.Write(folder, Name(_path), content.Span, () => true, () => false, out _, out _);
        }
    }

    private Host.Files.HomeFile File(string path) => new(path, account, checkOwner: true, allowedMode: 0x180);

    private delegate int InFolder(SafeFileHandle folder, byte[] name);

    private int InHome(InFolder act)
    {
        if (!ActingUser.TryEnter(account, account.Uid == 0 ? [] : Pwd.GroupsOf(account), out ActingUser acting))
        {
            return Errno.EPERM;
        }

        using (acting)
        {
            using SafeFileHandle folder = OpenHome();
            return folder.IsInvalid || act(folder, Name(_path)) != 0 || Unistd.fsync(folder) != 0 ? LastError() : 0;
        }
    }

    private SafeFileHandle OpenHome() => Fcntl.openat(Fcntl.AT_FDCWD, Bytes(account.Home),
        Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);

    private static byte[] Name(string path) => Bytes(path[(path.LastIndexOf('/') + 1)..]);

    private static byte[] Bytes(string latin1) => System.Text.Encoding.Latin1.GetBytes(latin1 + '\0');

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
}
