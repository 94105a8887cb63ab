using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>sys/stat.h: statx, because its structure is the same on every architecture.</summary>
internal static partial class SysStat
{
    public const uint STATX_BASIC_STATS = 0x7FF;
    public const int S_IFMT = 0xF000;
    public const int S_IFDIR = 0x4000;
    public const int S_IFREG = 0x8000;
    public const int S_IFLNK = 0xA000;
    public const int S_IFSOCK = 0xC000;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int statx(
        SafeFileHandle dirfd, ReadOnlySpan<byte> pathname, int flags, uint mask, out Statx statxbuf);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int statx(
        int dirfd, ReadOnlySpan<byte> pathname, int flags, uint mask, out Statx statxbuf);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(SafeFileHandle dirfd, ReadOnlySpan<byte> pathname, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chmod(ReadOnlySpan<byte> pathname, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(SafeFileHandle fd, uint mode);

    /// <summary>struct statx (linux/stat.h), the members that we read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long CtimeSeconds;

        [FieldOffset(104)]
        public uint CtimeNanoseconds;

        [FieldOffset(112)]
        public long MtimeSeconds;

        [FieldOffset(120)]
        public uint MtimeNanoseconds;

        [FieldOffset(136)]
        public uint DevMajor;

        [FieldOffset(140)]
        public uint DevMinor;
    }
}
