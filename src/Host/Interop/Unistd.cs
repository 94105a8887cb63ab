using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>unistd.h, sys/fsuid.h and sys/vfs.h</summary>
internal static partial class Unistd
{
    /// <summary>linux/magic.h</summary>
    public const long EXT4_SUPER_MAGIC = 0xEF53;

    public const long XFS_SUPER_MAGIC = 0x58465342;
    public const long TMPFS_MAGIC = 0x01021994;
    public const long RAMFS_MAGIC = 0x858458F6;

    // glibc's setgroups changes every thread of the process (nptl's setxid); the system call changes the caller's only.
    private static readonly nint SysSetgroups =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 159 : 116;

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(SafeFileHandle fd, Span<byte> buf, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(SafeFileHandle fd, ReadOnlySpan<byte> buf, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pread(SafeFileHandle fd, Span<byte> buf, nint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(SafeFileHandle fd, ReadOnlySpan<byte> buf, nint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(SafeFileHandle fd, uint owner, uint group);

    /// <summary>fcntl.h: starts writing what is dirty.</summary>
    public const uint SYNC_FILE_RANGE_WRITE = 2;

    /// <summary>WAIT_BEFORE, WRITE and WAIT_AFTER: returns when it has been written.</summary>
    public const uint SYNC_FILE_RANGE_WRITE_AND_WAIT = 7;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sync_file_range(SafeFileHandle fd, long offset, long nbytes, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(SafeFileHandle dirfd, ReadOnlySpan<byte> pathname, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlink(ReadOnlySpan<byte> pathname);

    public const int W_OK = 2;
    public const int X_OK = 1;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int faccessat(SafeFileHandle dirfd, ReadOnlySpan<byte> pathname, int mode, int flags);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial int getppid();

    [LibraryImport("libc")]
    public static partial uint getuid();

    /// <summary>0: it is none, whatever errno says.</summary>
    [LibraryImport("libc")]
    public static partial int isatty(int fd);

    /// <summary>Returns only where it fails; then it is the errno.</summary>
    /// <param name="arguments">The name that the program is given, and what it is given; one char a byte.</param>
    public static unsafe int Exec(string path, params ReadOnlySpan<string> arguments)
    {
        byte** argv = (byte**)NativeMemory.AllocZeroed((nuint)(arguments.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < arguments.Length; i++)
        {
            byte[] text = Encoding.Latin1.GetBytes(arguments[i]);
            argv[i] = (byte*)NativeMemory.AllocZeroed((nuint)text.Length + 1);
            text.CopyTo(new Span<byte>(argv[i], text.Length));
        }

        _ = execv(Encoding.Latin1.GetBytes(path + '\0'), argv);
        return Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int execv(ReadOnlySpan<byte> path, byte** argv);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int gethostname(Span<byte> name, nint len);

    /// <summary>Of the calling thread only (setfsuid(2)). Returns the value before, also where it fails.</summary>
    [LibraryImport("libc")]
    public static partial int setfsuid(uint fsuid);

    [LibraryImport("libc")]
    public static partial int setfsgid(uint fsgid);

    /// <summary>The file system's magic number, or 0 where it cannot be told.</summary>
    public static long FileSystemType(SafeFileHandle fd)
    {
        Span<byte> statfs = stackalloc byte[256]; // struct statfs is 120 bytes; f_type is the first word
        statfs.Clear();
        return fstatfs(fd, statfs) == 0 ? MemoryMarshal.Read<long>(statfs) : 0;
    }

    /// <summary>The supplementary groups of the calling thread only.</summary>
    public static int SetThreadGroups(ReadOnlySpan<uint> groups) =>
        (int)syscall(SysSetgroups, groups.Length, groups);

    /// <summary>sys/pidfd.h, which older libraries have not got; the numbers are the same on x86-64 and arm64.</summary>
    public static SafeFileHandle pidfd_open(int pid) => new((nint)syscall(434, pid, 0, 0, 0), ownsHandle: true);

    /// <summary>pidfd_send_signal with SIGKILL; that it has ended already is as good.</summary>
    public static void pidfd_kill(SafeFileHandle process)
    {
        bool held = false;
        try
        {
            process.DangerousAddRef(ref held);
            _ = syscall(424, process.DangerousGetHandle(), 9, 0, 0);
        }
        finally
        {
            if (held)
            {
                process.DangerousRelease();
            }
        }
    }

    /// <summary>The text of an error number, as C's strerror gives it.</summary>
    public static string StrError(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    [LibraryImport("libc")]
    private static partial int fstatfs(SafeFileHandle fd, Span<byte> buf);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint size, ReadOnlySpan<uint> list);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);
}
