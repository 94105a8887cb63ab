using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Files;

/// <summary>What stood in the way of reading a state file. Zero is not "none".</summary>
internal enum ReadProblem
{
    Unspecified,
    None,

    /// <summary>ENOENT, the one problem that nullok forgives.</summary>
    Missing,

    /// <summary>Anything else: the message says what.</summary>
    Unusable,
}

/// <summary>
/// A state file that belongs to an account, read and replaced with that account's rights
/// (docs/formats/state-file.md, "Reading" and "Writing").
/// </summary>
internal sealed class HomeFile(string path, Account account, bool checkOwner, int allowedMode)
{
    private const int FirstSize = 4096;

    public string Path => path;

    /// <summary>Opens nothing that can block, follows no link in the last place, and trusts only the descriptor.</summary>
    public Reading Read()
    {
        Reading reading = ReadWithGroups([]);
        if (reading.Problem is ReadProblem.Unusable && reading.Errno == Errno.EACCES && account.Uid != 0)
        {
            // Most homes need no supplementary group, and looking the groups up costs more than the rest together.
            reading.Dispose();
            reading = ReadWithGroups(Pwd.GroupsOf(account));
        }

        return reading;
    }

    /// <summary>From reading to replacing in one piece, with the groups that the first reading needed.</summary>
    public bool TryAct(uint[] groups, out ActingUser acting) => ActingUser.TryEnter(account, groups, out acting);

    private Reading ReadWithGroups(uint[] groups)
    {
        if (!ActingUser.TryEnter(account, groups, out ActingUser acting))
        {
            return Reading.Refused(ReadProblem.Unusable, Errno.EPERM, $"Failed to change user id to \"{account.Name}\"");
        }

        using (acting)
        {
            return ReadAsUser(groups);
        }
    }

    /// <summary>Where the thread acts as the user already (<see cref="TryAct"/>).</summary>
    public Reading ReadAsUser(uint[] groups)
    {
        int slash = path.LastIndexOf('/');
        if (path is not ['/', ..] || slash == path.Length - 1)
        {
            return Failed(Errno.ENOENT, "it is not an absolute path of a file", ReadProblem.Unusable);
        }

        byte[] parent = Bytes(slash == 0 ? "/" : path[..slash]);
        const int flags = Fcntl.O_RDONLY | Fcntl.O_CLOEXEC;
        SafeFileHandle folder = Fcntl.openat(Fcntl.AT_FDCWD, parent, flags | Fcntl.O_DIRECTORY, 0);
        if (folder.IsInvalid && LastError() == Errno.EACCES)
        {
            // A folder that may be searched but not listed; only its sync needs more (DurableReplace).
            folder = Fcntl.openat(Fcntl.AT_FDCWD, parent, flags | Fcntl.O_DIRECTORY | Fcntl.O_PATH, 0);
        }

        if (folder.IsInvalid)
        {
            return Failed(LastError());
        }

        byte[] name = Bytes(path[(slash + 1)..]);
        Reading reading = ReadIn(folder, name, groups);
        if (reading.Problem is not ReadProblem.None)
        {
            folder.Dispose();
        }

        return reading;
    }

    private Reading ReadIn(SafeFileHandle folder, byte[] name, uint[] groups)
    {
        // O_NONBLOCK: opening a FIFO that nobody writes to would hang the login.
        SafeFileHandle file = Fcntl.openat(
            folder, name, Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        if (file.IsInvalid)
        {
            int error = LastError();
            return error == Errno.ELOOP ? Failed(error, "it is a symbolic link, which is not followed") : Failed(error);
        }

        Reading reading = ReadOpen(folder, file, name, groups);
        if (reading.Problem is not ReadProblem.None)
        {
            file.Dispose();
        }

        return reading;
    }

    private Reading ReadOpen(SafeFileHandle folder, SafeFileHandle file, byte[] name, uint[] groups)
    {
        if (Stat(file, [0], Fcntl.AT_EMPTY_PATH, out SysStat.Statx stat) is int failed and not 0)
        {
            return Failed(failed);
        }

        if (WrongAttributes(stat) is string wrong)
        {
            return Reading.Refused(ReadProblem.Unusable, 0, wrong);
        }

        byte[] content = new byte[stat.Size];
        if (ReadAll(file, content) is string unread)
        {
            return Failed(Errno.EIO, unread);
        }

        StateFileProblem problem = StateFile.TryParse(content, out StateFile? state);
        CryptographicOperations.ZeroMemory(content); // the state has a copy that is wiped with it
        if (problem is not StateFileProblem.None || state is null)
        {
            return Reading.Refused(ReadProblem.Unusable, 0, $"Invalid file contents in \"{path}\"");
        }

        if (Stat(folder, [0], Fcntl.AT_EMPTY_PATH, out SysStat.Statx parent) is int lost and not 0)
        {
            state.Dispose();
            return Failed(lost);
        }

        return new Reading
        {
            Problem = ReadProblem.None,
            State = state,
            Folder = folder,
            File = file,
            Name = name,
            Groups = groups,
            Found = stat,
            Key = new FileKey(parent.DevMajor, parent.DevMinor, parent.Inode, Encoding.Latin1.GetString(name.AsSpan(..^1))),
        };
    }

    private string? WrongAttributes(in SysStat.Statx stat)
    {
        if ((stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG)
        {
            return $"Secret file \"{path}\" is not a regular file";
        }

        int mode = stat.Mode & 0xFFF;
        if ((mode & ~allowedMode) != 0)
        {
            return $"Secret file permissions ({Octal(mode)}) are more permissive than {Octal(allowedMode)} on \"{path}\"";
        }

        if (checkOwner && stat.Uid != account.Uid)
        {
            return $"Secret file \"{path}\" must be owned by \"{account.Name}\"";
        }

        return stat.Size is 0 or > StateFile.MaxBytes ? $"Invalid file size for \"{path}\"" : null;
    }

    /// <summary>
    /// Replaces what was read, if it is still what was read. 0, or the errno of what failed (DurableReplace.Write).
    /// The thread acts as the user. What can wait until the verdict is out is left to the reading's Dispose: the sync of
    /// the folder, if the caller may do without, and the freeing of the old file, which the kernel does when nobody has it
    /// open and which takes as long as a fifth of a login.
    /// </summary>
    public static int Replace(Reading reading, ReadOnlySpan<byte> content, Func<bool> maySyncLater, out string? step)
    {
        SysStat.Statx found = reading.Found;
        int error = DurableReplace.Write(reading.Folder, reading.Name, content, () =>
            Stat(reading.Folder, reading.Name, Fcntl.AT_SYMLINK_NOFOLLOW, out SysStat.Statx now) == 0
            && now.Inode == found.Inode && now.Size == found.Size
            && now.MtimeSeconds == found.MtimeSeconds && now.MtimeNanoseconds == found.MtimeNanoseconds,
            maySyncLater, out step, out SafeFileHandle? unsynced);
        reading.Unsynced = unsynced;
        return error;
    }

    private static string? ReadAll(SafeFileHandle file, Span<byte> content)
    {
        int done = 0;
        while (done < content.Length)
        {
            nint got = Unistd.read(file, content[done..], content.Length - done);
            if (got < 0 && LastError() == Errno.EINTR)
            {
                continue;
            }

            if (got <= 0)
            {
                return got == 0 ? "it became shorter while it was read" : Unistd.StrError(LastError());
            }

            done += (int)got;
        }

        return null;
    }

    private static int Stat(SafeFileHandle at, ReadOnlySpan<byte> name, int flags, out SysStat.Statx stat) =>
        SysStat.statx(at, name, flags, SysStat.STATX_BASIC_STATS, out stat) == 0 ? 0 : LastError();

    private Reading Failed(int errno, string? why = null, ReadProblem? problem = null) => Reading.Refused(
        problem ?? (errno == Errno.ENOENT ? ReadProblem.Missing : ReadProblem.Unusable),
        errno,
        $"Failed to read \"{path}\" for \"{account.Name}\": {why ?? Unistd.StrError(errno)}");

    private static int LastError() => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1 + '\0');

    private static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');

    /// <summary>A state file as it was found, with what is needed to replace it. Dispose finishes what
    /// <see cref="Replace"/> has left, and wipes the state.</summary>
    internal sealed class Reading : IDisposable
    {
        public required ReadProblem Problem { get; init; }

        public int Errno { get; init; }

        public string? Message { get; init; }

        public StateFile? State { get; init; }

        public FileKey Key { get; init; }

        [AllowNull]
        public SafeFileHandle Folder { get => field ?? throw new InvalidOperationException("nothing was read"); init; }

        /// <summary>Open for as long as the reading lives.</summary>
        public SafeFileHandle? File { get; init; }

        public byte[] Name { get; init; } = [];

        public uint[] Groups { get; init; } = [];

        public SysStat.Statx Found { get; init; }

        /// <summary>What has taken the file's place and may not be on disk yet.</summary>
        public SafeFileHandle? Unsynced { get; set; }

        /// <summary>Where the code of this login is on disk until the file is.</summary>
        public SpentCodes.Entry? Spent { get; set; }

        public static Reading Refused(ReadProblem problem, int errno, string message) =>
            new() { Problem = problem, Errno = errno, Message = message };

        public void Dispose()
        {
            if (Problem is ReadProblem.None)
            {
                if (Unsynced is not null && DurableReplace.Sync(Folder, Unsynced) == 0)
                {
                    Spent?.Forget();
                }
                else if (Unsynced is not null)
                {
                    Spent?.Keep();
                }

                Unsynced?.Dispose();
                Folder.Dispose();
                File?.Dispose();
            }

            State?.Dispose();
        }
    }
}
