using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Files;

/// <summary>
/// The root-only store: one file for each account, in a folder that nobody but its owner can enter
/// (docs/formats/totp-store.md). An entry is found by its name alone, so it costs the same however many there are.
/// </summary>
internal sealed partial class TotpStore : IDisposable
{
    /// <summary>Where it is, unless a test says otherwise.</summary>
    public const string DefaultPath = "/var/lib/sallyport/totp";

    // Another process holds a lock for as long as a disk takes to write a sector; only a CLI stays longer.
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(20);

    private readonly SafeFileHandle _folder;
    private readonly string _path;
    private readonly TimeSpan _patience;
    private readonly FileLocks _locks = new();

    private bool _isUsed;

    private TotpStore(SafeFileHandle folder, string path, TimeSpan patience) =>
        (_folder, _path, _patience) = (folder, path, patience);

    /// <summary>Opens the store; where there is no folder yet it makes one, in a folder that is there.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="patience">How long an entry is waited for that somebody else holds.</param>
    /// <exception cref="IOException">The folder cannot be used, or others may enter it.</exception>
    public static TotpStore At(string path, TimeSpan patience) => new(PrivateFolder.Open(path), path, patience);

    /// <summary>Whether an account of that name can have an entry: it names one file, and may stand in a log.</summary>
    public static bool IsName(string user) =>
        user is { Length: >= 1 and <= 255 } and [not '.', ..]
        && !user.Any(c => c is '/' or < ' ' or '\x7F' or > '\xFF');

    /// <summary>Whether anybody was ever found to have an entry.</summary>
    public bool IsUsed => _isUsed = _isUsed || Directory.EnumerateFiles(_path).Any();

    /// <summary>Whose entries there are, one char a byte.</summary>
    public IEnumerable<string> Users() => PrivateFolder.Names(_path);

    /// <summary>For the log.</summary>
    public string PathOf(string user) => $"{_path}/{user}";

    /// <summary>
    /// Reads an entry and holds it, in this process and among all others, until the reading is disposed of. It belongs
    /// to the calling thread.
    /// </summary>
    /// <param name="user">The account's name, one char a byte.</param>
    /// <param name="known">What was read here a moment before; null where nothing was.</param>
    public TotpReading Open(string user, TotpEnrolment? known = null)
    {
        if (!IsName(user))
        {
            return TotpReading.Refused(ReadProblem.Unusable, Errno.EINVAL, "Not a name that an entry can have");
        }

        // One thread of this process at a time, first come first served; the file's own lock is for other processes.
        IDisposable? turn = _locks.Take(new FileKey(0, 0, 0, user), _patience);
        if (turn is null)
        {
            return Failed(user, Errno.EAGAIN, "another login holds it");
        }

        TotpReading reading = OpenInTurn(user, turn, known);
        if (reading.Problem is not ReadProblem.None)
        {
            turn.Dispose();
        }

        return reading;
    }

    public void Dispose() => _folder.Dispose();

    private TotpReading OpenInTurn(string user, IDisposable turn, TotpEnrolment? known)
    {
        byte[] name = Bytes(user);
        TimeSpan waited = TimeSpan.Zero;
        TimeSpan pause = _firstPause;
        while (true)
        {
            // O_NONBLOCK: a FIFO must not hang the login before it is seen to be one.
            SafeFileHandle file = Fcntl.openat(
                _folder, name, Fcntl.O_RDWR | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
            if (file.IsInvalid)
            {
                int error = LastError();
                string? link = error == Errno.ELOOP ? "it is a symbolic link, which is not followed" : null;
                return Failed(user, error, link);
            }

            int locked;
            while ((locked = Lock(file)) == Errno.EAGAIN && waited < _patience)
            {
                Thread.Sleep(pause);
                waited += pause;
                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
            }

            if (locked != 0)
            {
                file.Dispose();
                return Failed(user, locked, locked == Errno.EAGAIN ? "another process holds it" : null);
            }

            // Whoever held it before may have put another file in its place: then this one is nobody's any more.
            int lost = Stat(_folder, name, Fcntl.AT_SYMLINK_NOFOLLOW, out SysStat.Statx named);
            int failed = Stat(file, [0], Fcntl.AT_EMPTY_PATH, out SysStat.Statx found);
            if (failed == 0 && lost is 0 or Errno.ENOENT && (lost != 0 || named.Inode != found.Inode))
            {
                file.Dispose();
                continue;
            }

            TotpReading reading = failed + lost == 0
                ? TotpReading.Read(_folder, file, user, turn, found, known)
                : Failed(user, failed + lost);
            if (reading.Problem is not ReadProblem.None)
            {
                file.Dispose();
            }

            return reading;
        }
    }

    private static int Lock(SafeFileHandle file)
    {
        int error;
        do
        {
            error = SysFile.flock(file, SysFile.LOCK_EX | SysFile.LOCK_NB) == 0 ? 0 : LastError();
        }
        while (error == Errno.EINTR);

        return error;
    }

    private static TotpReading Failed(string user, int errno, string? why = null) => TotpReading.Refused(
        errno == Errno.ENOENT ? ReadProblem.Missing : ReadProblem.Unusable,
        errno,
        $"Failed to read the entry of \"{user}\": {why ?? Unistd.StrError(errno)}");

    private static int Stat(SafeFileHandle at, ReadOnlySpan<byte> name, int flags, out SysStat.Statx stat) =>
        SysStat.statx(at, name, flags, SysStat.STATX_BASIC_STATS, out stat) == 0 ? 0 : LastError();

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1 + '\0');
}
