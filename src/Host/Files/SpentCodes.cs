using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Files;

internal enum CodeKind : byte
{
    Unspecified,
    TimeStep,
    Counter,
    RecoveryCode,
}

/// <summary>A one-time code of a state file: the step or the counter that it belongs to, or the recovery code itself.</summary>
internal readonly record struct SpentCode(ulong FolderInode, string Name, CodeKind Kind, long Value);

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
    private const int NameOffset = 34;

    // Past this no step of then is a step of now: a clock may be off by 1,499 steps of a minute, to either side, and a
    // window has 100. Counters and recovery codes are for ever.
    private static readonly TimeSpan _lifetimeOfSteps = TimeSpan.FromHours(52);

    private readonly SafeFileHandle _file;
    private readonly Dictionary<SpentCode, int> _before = [];
    private readonly Stack<int> _free = []; // the lowest slot on top: slots of one page are one write

    private SpentCodes(SafeFileHandle file) => _file = file;

    private static ReadOnlySpan<byte> Magic => "SPSPENT1"u8;

    /// <exception cref="IOException">The file cannot be made or used, or another agent uses it.</exception>
    public static SpentCodes Open(string stateFolder, DateTimeOffset now)
    {
        byte[] path = Encoding.Latin1.GetBytes($"{stateFolder}/spent-codes\0");
        SafeFileHandle file = Fcntl.openat(
            Fcntl.AT_FDCWD, path, Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0x180); // 0600
        var codes = new SpentCodes(file);
        try
        {
            codes.Load(stateFolder, now);
            return codes;
        }
        catch
        {
            codes.Dispose();
            throw;
        }
    }

    /// <summary>
    /// It was spent before this agent started, and the state file did not get to know. When it does, the entry may be
    /// forgotten.
    /// </summary>
    public bool WasSpent(SpentCode code, [NotNullWhen(true)] out Entry? entry)
    {
        lock (_free)
        {
            entry = _before.TryGetValue(code, out int slot) ? new Entry(this, code, slot) : null;
        }

        return entry is not null;
    }

    /// <summary>On disk when it returns. Null: it is not, and the state file must be before anybody is let in.</summary>
    public Entry? TrySpend(SpentCode code, DateTimeOffset now)
    {
        if (Encoding.Latin1.GetByteCount(code.Name) > byte.MaxValue)
        {
            return null;
        }

        int slot;
        lock (_free)
        {
            if (!_free.TryPop(out slot))
            {
                return null;
            }
        }

        Span<byte> bytes = stackalloc byte[SlotBytes];
        Write(code, now, bytes);
        if (Unistd.pwrite(_file, bytes, SlotBytes, (long)slot * SlotBytes) == SlotBytes && Unistd.fdatasync(_file) == 0)
        {
            return new Entry(this, code, slot);
        }

        Free(slot, code);
        return null;
    }

    public void Dispose() => _file.Dispose();

    private void Load(string stateFolder, DateTimeOffset now)
    {
        Check(_file.IsInvalid ? -1 : SysFile.flock(_file, SysFile.LOCK_EX | SysFile.LOCK_NB), "lock");
        byte[] content = new byte[Slots * SlotBytes];
        nint got = Unistd.pread(_file, content, content.Length, 0);
        Check((int)got, "read");
        if (got != content.Length)
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

        for (int slot = Slots - 1; slot >= 0; slot--)
        {
            if (TryRead(content.AsSpan(slot * SlotBytes, SlotBytes), out SpentCode code, out long seconds)
                && (code.Kind is not CodeKind.TimeStep || seconds >= (now - _lifetimeOfSteps).ToUnixTimeSeconds())
                && _before.TryAdd(code, slot))
            {
                continue; // its slot stays as it is: the next power cut may come before the state file knows
            }

            _free.Push(slot);
        }
    }

    private void Free(int slot, SpentCode code)
    {
        lock (_free)
        {
            if (_before.TryGetValue(code, out int before) && before == slot)
            {
                _before.Remove(code);
            }

            _free.Push(slot);
        }
    }

    private static void Write(SpentCode code, DateTimeOffset now, Span<byte> bytes)
    {
        bytes.Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], code.FolderInode);
        BinaryPrimitives.WriteInt64BigEndian(bytes[24..], code.Value);
        bytes[32] = (byte)code.Kind;
        bytes[33] = (byte)Encoding.Latin1.GetBytes(code.Name, bytes[NameOffset..]);
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, out SpentCode code, out long seconds)
    {
        seconds = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        code = new SpentCode(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            Encoding.Latin1.GetString(bytes.Slice(NameOffset, bytes[33])),
            (CodeKind)bytes[32],
            BinaryPrimitives.ReadInt64BigEndian(bytes[24..]));
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
    internal sealed class Entry(SpentCodes codes, SpentCode code, int slot)
    {
        /// <summary>Only when the state file is on disk. Nobody waits for this write; where it is lost, the code is refused twice.</summary>
        public void Forget()
        {
            Span<byte> nothing = stackalloc byte[SlotBytes];
            nothing.Clear();
            _ = Unistd.pwrite(codes._file, nothing, SlotBytes, (long)slot * SlotBytes);
            codes.Free(slot, code);
        }
    }
}
