using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Files;

/// <summary>
/// An entry of the root-only store as it was found, held until it is disposed of, which also wipes the secret.
/// </summary>
internal sealed class TotpReading : IDisposable
{
    private const int AllowedMode = 0x180; // 0600

    private readonly IDisposable? _turn;
    private readonly SafeFileHandle? _file;
    private readonly SafeFileHandle? _folder;
    private readonly string _user = "";

    private bool _gone;

    private TotpReading(SafeFileHandle folder, SafeFileHandle file, string user, IDisposable turn, TotpEntry entry)
    {
        (_folder, _file, _turn) = (folder, file, turn);
        (Problem, _user, Entry) = (ReadProblem.None, user, entry);
    }

    private TotpReading(ReadProblem problem, int errno, string message) =>
        (Problem, Errno, Message) = (problem, errno, message);

    public ReadProblem Problem { get; }

    public int Errno { get; }

    /// <summary>What stood in the way, for a log.</summary>
    public string? Message { get; }

    /// <summary>Null where there was a problem.</summary>
    public TotpEntry? Entry { get; }

    /// <exception cref="InvalidOperationException">Nothing was read, or it is no longer in the store.</exception>
    public string User => Entry is null || _gone ? throw new InvalidOperationException("no entry is held") : _user;

    public static TotpReading Refused(ReadProblem problem, int errno, string message) => new(problem, errno, message);

    /// <summary>Reads what is open and held, and trusts only the descriptor.</summary>
    public static TotpReading Read(
        SafeFileHandle folder, SafeFileHandle file, string user, IDisposable turn, in SysStat.Statx stat,
        TotpEnrolment? known)
    {
        if (WrongAttributes(stat) is string wrong)
        {
            return Refused(ReadProblem.Unusable, 0, $"The entry of \"{user}\" {wrong}");
        }

        Span<byte> content = stackalloc byte[TotpEntry.FileBytes];
        try
        {
            int error = ReadAll(file, content);
            if (error != 0)
            {
                return Refused(ReadProblem.Unusable, error,
                    $"Failed to read the entry of \"{user}\": {Unistd.StrError(error)}");
            }

            TotpFault fault = TotpEntry.TryParse(content, known, out TotpEntry? entry);
            return entry is null
                ? Refused(ReadProblem.Unusable, 0, $"The entry of \"{user}\" cannot be used: {fault}")
                : new(folder, file, user, turn, entry);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content); // the entry has a copy that is wiped with it
        }
    }

    /// <summary>
    /// Puts the record on disk: 0, or the errno of what failed, and then nobody may be let in. It is one sector, in the
    /// slot that does not count yet, so a power cut leaves this record or the one before it.
    /// </summary>
    public int Save()
    {
        if (Entry is null || _file is null || _folder is null || _gone)
        {
            throw new InvalidOperationException("no entry is held"); // a file without a name would take it and be lost
        }

        // Who made this file may have died between naming it and syncing its name. A login that is allowed by it must
        // not lose it, so the first one makes good for that.
        if (Entry.IsFresh && Unistd.fsync(_folder) != 0)
        {
            return LastError();
        }

        Span<byte> slot = stackalloc byte[TotpRecord.Bytes];
        int offset = Entry.WriteNext(slot);
        nint wrote = Unistd.pwrite(_file, slot, slot.Length, offset);
        if (wrote != slot.Length)
        {
            return wrote < 0 ? LastError() : Interop.Errno.EIO;
        }

        if (Unistd.fdatasync(_file) != 0)
        {
            return LastError();
        }

        Entry.SetSaved();
        return 0;
    }

    /// <summary>The name leads elsewhere now: what would be saved here would be lost.</summary>
    public void SetGone() => _gone = true;

    public void Dispose()
    {
        Entry?.Dispose();
        _file?.Dispose(); // lets go of its lock
        _turn?.Dispose();
    }

    private static string? WrongAttributes(in SysStat.Statx stat) =>
        (stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG ? "is not a regular file"
        : (stat.Mode & 0xFFF & ~AllowedMode) != 0 ? "has a mode other than 0600"
        : stat.Uid != Unistd.geteuid() ? "has another owner"
        : stat.Links != 1 ? "has more than one name"
        : stat.Size != TotpEntry.FileBytes ? $"is not {TotpEntry.FileBytes} bytes long"
        : null;

    private static int ReadAll(SafeFileHandle file, Span<byte> content)
    {
        for (int done = 0; done < content.Length;)
        {
            nint got = Unistd.pread(file, content[done..], content.Length - done, done);
            int error = got < 0 ? LastError() : got == 0 ? Interop.Errno.EIO : 0;
            if (error is not (0 or Interop.Errno.EINTR))
            {
                return error;
            }

            done += (int)Math.Max(got, 0);
        }

        return 0;
    }

    private static int LastError() => Marshal.GetLastPInvokeError();
}
