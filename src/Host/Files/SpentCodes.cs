using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Files;

internal enum CodeKind : byte
{
    Unspecified,
    TimeStep,
    Counter,
    RecoveryCode,
}

/// <summary>A one-time code: the step or the counter that it belongs to, or the recovery code itself.</summary>
/// <param name="Secret">16 bytes of a hash of the secret: whose it is, wherever his file lies.</param>
internal readonly record struct SpentCode(UInt128 Secret, CodeKind Kind, long Value)
{
    public static SpentCode Of(OtpSecret secret, CodeKind kind, long value)
    {
        ReadOnlySpan<byte> tag = "sallyport spent code\0"u8;
        byte[] message = [.. tag, .. secret.Expose()];
        Span<byte> digest = stackalloc byte[Sha256.DigestBytes];
        Sha256.Hash(message, digest);
        CryptographicOperations.ZeroMemory(message);
        return new(BinaryPrimitives.ReadUInt128BigEndian(digest), kind, value);
    }
}

/// <summary>
/// The codes that let somebody in while the state file that says so may not be on disk yet (docs/formats/state-file.md,
/// "Spent codes"). To write one here is one small write in place; to make the state file durable is a commit of its
/// file system, several times as long, which can then wait until the login is over. After a power cut the codes found
/// here are refused, whatever the state file says.
/// </summary>
internal sealed class SpentCodes : IDisposable
{
    private const int SlotBytes = 512; // a sector: no disk tears it
    private const int Slots = 64;
    private const int CodeBytes = 41;

    // Past this no step of then is a step of now: a clock may be off by 1,499 steps of a minute, to either side, and a
    // window has 100. Counters and recovery codes are for ever.
    private static readonly TimeSpan _lifetimeOfSteps = TimeSpan.FromHours(52);

    private readonly byte[] _path;
    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle?[] _slots = new SafeFileHandle?[Slots];
    private readonly Dictionary<SpentCode, int> _before = [];
    private readonly SpentCode?[] _expired = new SpentCode?[Slots];
    private readonly Stack<int> _free = []; // the lowest slot on top: slots of one page are one write

    private SpentCodes(byte[] path, SafeFileHandle file) => (_path, _file) = (path, file);

    private static ReadOnlySpan<byte> Magic => "SPSPENT1"u8;

    /// <summary>
    /// What is in it counts in any case. Where nothing can be promised by it (a file system that is read-only or in
    /// memory, another agent that has it) no slot is free.
    /// </summary>
    /// <exception cref="IOException">The file cannot be made or read: who knows which codes are spent?</exception>
    public static SpentCodes Open(string stateFolder, DateTimeOffset now)
    {
        byte[] path = Encoding.Latin1.GetBytes($"{stateFolder}/spent-codes\0");
        SafeFileHandle file = OpenFile(path, Fcntl.O_RDWR | Fcntl.O_CREAT);
        bool writable = !file.IsInvalid;
        if (!writable && Marshal.GetLastPInvokeError() == Errno.EROFS)
        {
            file = OpenFile(path, Fcntl.O_RDONLY);
            if (file.IsInvalid && Marshal.GetLastPInvokeError() == Errno.ENOENT)
            {
                return new SpentCodes(path, file); // none was ever spent here, and none can be
            }
        }

        var codes = new SpentCodes(path, file);
        try
        {
            Check(file.IsInvalid ? -1 : 0, "open");
            writable = writable && SysFile.flock(file, SysFile.LOCK_EX | SysFile.LOCK_NB) == 0;
            codes.Load(stateFolder, now, writable);
            return codes;
        }
        catch
        {
            codes.Dispose();
            throw;
        }
    }

    /// <summary>
    /// It was spent before this agent started, or the disk of its state file failed since; the state file need not know.
    /// When it does, the entry may be forgotten.
    /// </summary>
    public bool WasSpent(SpentCode code, [NotNullWhen(true)] out Entry? entry)
    {
        lock (_free)
        {
            entry = _before.TryGetValue(code, out int slot) ? new Entry(this, code, slot, found: true) : null;
        }

        return entry is not null;
    }

    /// <summary>On disk when it returns. Null: it is not, and the state file must be before anybody is let in.</summary>
    public Entry? TrySpend(SpentCode code, DateTimeOffset now)
    {
        int slot;
        lock (_free)
        {
            if (!_free.TryPop(out slot))
            {
                return null;
            }

            if (_expired[slot] is SpentCode old)
            {
                _before.Remove(old);
                _expired[slot] = null;
            }
        }

        var entry = new Entry(this, code, slot, found: false);
        Span<byte> bytes = stackalloc byte[SlotBytes];
        Write(code, now, bytes);
        if (Put(slot, bytes) && Unistd.fdatasync(_slots[slot]!) == 0)
        {
            return entry;
        }

        entry.Forget();
        return null;
    }

    public void Dispose()
    {
        foreach (SafeFileHandle? slot in _slots)
        {
            slot?.Dispose();
        }

        _file.Dispose();
    }

    private static SafeFileHandle OpenFile(byte[] path, int flags) =>
        Fcntl.openat(Fcntl.AT_FDCWD, path, flags | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0x180); // 0600

    /// <summary>
    /// By a descriptor of the slot's own: an error of writing back is reported once to each, so another login must not
    /// be the one that hears of it.
    /// </summary>
    private bool Put(int slot, ReadOnlySpan<byte> bytes)
    {
        // Opened at the start: whoever spends a code acts as its user, who may not open this.
        SafeFileHandle? file = _slots[slot];
        return file is not null
            && Unistd.pwrite(file, bytes, bytes.Length, (long)slot * SlotBytes) == bytes.Length;
    }

    private void Load(string stateFolder, DateTimeOffset now, bool writable)
    {
        byte[] content = new byte[Slots * SlotBytes];
        int got = Read(content);
        if (got < content.Length && writable)
        {
            // New, or cut short while it was made. Filled with data, since room that was only reserved is no room yet:
            // the first write to it would be a change of the file's extents, that is a commit.
            Array.Clear(content);
            Check((int)Unistd.pwrite(_file, content, content.Length, 0) - content.Length, "write");
            Check(Unistd.fsync(_file), "fsync");
            using SafeFileHandle folder = Fcntl.openat(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(stateFolder + '\0'),
                Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);
            Check(folder.IsInvalid ? -1 : Unistd.fsync(folder), "fsync of the folder");
        }

        bool lasting = Unistd.FileSystemType(_file) is not (0 or Unistd.TMPFS_MAGIC or Unistd.RAMFS_MAGIC);
        List<int> free = [];
        for (int slot = Slots - 1; slot >= 0; slot--)
        {
            if (!TryRead(content.AsSpan(slot * SlotBytes, SlotBytes), out SpentCode code, out long seconds))
            {
                free.Add(slot);
                continue;
            }

            // Its slot stays as it is: the next power cut may come before the state file knows. What is too old gives way
            // only when no other slot is left, because the clock may be wrong.
            if (_before.TryAdd(code, slot) && code.Kind is CodeKind.TimeStep
                && seconds < (now - _lifetimeOfSteps).ToUnixTimeSeconds())
            {
                _expired[slot] = code;
                _free.Push(slot);
            }
        }

        if (!lasting || !writable)
        {
            _free.Clear();
            return;
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            _slots[slot] = OpenFile(_path, Fcntl.O_RDWR);
            Check(_slots[slot]!.IsInvalid ? -1 : 0, "open");
        }

        free.ForEach(_free.Push);
    }

    private int Read(Span<byte> content)
    {
        int done = 0;
        while (done < content.Length)
        {
            nint got = Unistd.pread(_file, content[done..], content.Length - done, done);
            if (got < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
            {
                continue;
            }

            Check((int)got, "read");
            if (got == 0)
            {
                break;
            }

            done += (int)got;
        }

        return done;
    }

    private static void Write(SpentCode code, DateTimeOffset now, Span<byte> bytes)
    {
        bytes.Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], code.Secret);
        BinaryPrimitives.WriteInt64BigEndian(bytes[32..], code.Value);
        bytes[CodeBytes - 1] = (byte)code.Kind;
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, out SpentCode code, out long seconds)
    {
        seconds = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        code = new SpentCode(
            BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]),
            (CodeKind)bytes[CodeBytes - 1],
            BinaryPrimitives.ReadInt64BigEndian(bytes[32..]));
        return bytes.StartsWith(Magic);
    }

    private static void Check(int result, string step)
    {
        if (result < 0)
        {
            throw new IOException($"spent-codes: {step}: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
        }
    }

    /// <summary>A code that is on disk here, until the state file that says the same is.</summary>
    /// <param name="found">It was there before this login, and another login may have found it, too.</param>
    internal sealed class Entry(SpentCodes codes, SpentCode code, int slot, bool found)
    {
        /// <summary>The state file is not on disk and may come back without it: from now on it is refused here.</summary>
        public void Keep()
        {
            lock (codes._free)
            {
                codes._before.TryAdd(code, slot);
            }
        }

        /// <summary>Only when the state file is on disk. Nobody waits for this write; where it is lost, the code is refused twice.</summary>
        public void Forget()
        {
            Span<byte> nothing = stackalloc byte[SlotBytes];
            nothing.Clear();
            lock (codes._free)
            {
                // The slot is given back by the first who forgets it; then it may be somebody else's.
                if (found && !codes._before.Remove(code))
                {
                    return;
                }

                bool isFree = codes._expired[slot] is not null;
                codes._expired[slot] = null;
                if (codes.Put(slot, nothing) && !isFree)
                {
                    codes._free.Push(slot);
                }
            }
        }
    }
}
