using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>
/// The work that a refusal would have taken for the usual account, done where there is nothing to work on, so that the
/// time of a refusal does not tell who is enrolled: the search for a clock skew, and one durable write.
/// </summary>
internal sealed class Decoy : IDisposable
{
    private static readonly byte[] _name = "decoy\0"u8.ToArray();
    private static readonly byte[] _recordName = "decoy-record\0"u8.ToArray();

    private readonly OtpSecret _secret = NewSecret();
    private readonly byte[] _content = new byte[160]; // about what a usual state file has
    private readonly TotpStore? _store;
    private readonly SafeFileHandle _folder;
    private readonly SafeFileHandle _recordFile;

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public Decoy(string stateFolder, TotpStore? store)
    {
        _store = store;
        _folder = Fcntl.openat(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(stateFolder + '\0'),
            Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);
        _recordFile = Fcntl.openat(
            _folder, _recordName, Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0x180);
        IDisposable? rest = null;
        int error = _folder.IsInvalid || _recordFile.IsInvalid ? Marshal.GetLastPInvokeError() : ReplaceFile(out rest);
        rest?.Dispose();
        error = error != 0 ? error : WriteEntry();
        if (error != 0)
        {
            throw new IOException($"{stateFolder}: {Unistd.StrError(error)}");
        }
    }

    public void Search(long now) => _ = SkewSearch.Nearest(_secret, 0, new TimeStep(now / 30), 1499);

    /// <summary>
    /// 0 or an errno. As a state file is saved, or as an entry is where the root-only store is in use: hosts that have both
    /// tell the two apart.
    /// </summary>
    /// <param name="rest">What a login leaves until the verdict is out (HomeFile.Replace).</param>
    public int Write(out IDisposable? rest)
    {
        rest = null;
        return _store is { IsUsed: true } ? OverwriteRecord() : ReplaceFile(out rest);
    }

    public void Dispose()
    {
        _secret.Dispose();
        _recordFile.Dispose();
        _folder.Dispose();
    }

    private static OtpSecret NewSecret()
    {
        Span<byte> key = stackalloc byte[20];
        SysRandom.Fill(key);
        return OtpSecret.FromBytes(key);
    }

    /// <summary>An entry as a new enrolment makes it, of nobody.</summary>
    private int WriteEntry()
    {
        Span<byte> content = stackalloc byte[TotpEntry.FileBytes];
        uint[] codes = Enrolment.FreshFactor.RecoveryCodes(Enrolment.FreshFactor.UsualRecoveryCodes);
        using var entry = TotpEntry.Create(new(OtpSecret.FromBytes(_secret.Expose()), new() { Mode = OtpMode.Totp }, 0,
            Enrolment.FreshFactor.Hash(codes)));
        entry.WriteFile(content);
        return Unistd.pwrite(_recordFile, content, content.Length, 0) == content.Length && Unistd.fsync(_recordFile) == 0
            ? 0
            : Marshal.GetLastPInvokeError();
    }

    /// <summary>As a refused login reads an entry and notes the attempt.</summary>
    private int OverwriteRecord()
    {
        Span<byte> content = stackalloc byte[TotpEntry.FileBytes];
        if (Unistd.pread(_recordFile, content, content.Length, 0) != content.Length)
        {
            return Errno.EIO;
        }

        _ = TotpEntry.TryParse(content, out TotpEntry? entry);
        using (entry)
        {
            ReadOnlySpan<byte> slot = content.Slice(TotpEnrolment.TextBytes, TotpRecord.Bytes);
            bool written = Unistd.pwrite(_recordFile, slot, slot.Length, TotpEnrolment.TextBytes) == slot.Length
                && Unistd.fdatasync(_recordFile) == 0;
            return written ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    private int ReplaceFile(out IDisposable? rest)
    {
        SafeFileHandle old = Fcntl.openat(_folder, _name, Fcntl.O_PATH | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0);
        int error = DurableReplace.Write(
            _folder, _name, _content, () => true, () => true, out _, out SafeFileHandle? unsynced);
        rest = new Rest(_folder, old, unsynced);
        return error;
    }

    private sealed class Rest(SafeFileHandle folder, SafeFileHandle old, SafeFileHandle? unsynced) : IDisposable
    {
        public void Dispose()
        {
            if (unsynced is not null)
            {
                _ = DurableReplace.Sync(folder, unsynced);
                unsynced.Dispose();
            }

            old.Dispose();
        }
    }
}
