using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>sys/socket.h, sys/un.h and poll.h</summary>
internal static partial class SysSocket
{
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1;
    public const int SO_ERROR = 4;
    public const int SO_KEEPALIVE = 9;
    public const int SO_PEERCRED = 17;
    public const int SO_SNDTIMEO = 21;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const short POLLIN = 1;
    public const short POLLOUT = 4;
    public const short POLLERR = 8;
    public const short POLLHUP = 0x10;
    public const short POLLRDHUP = 0x2000;

    /// <summary>sizeof(sun_path), the final NUL included.</summary>
    public const int PathBytes = 108;

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(SafeFileHandle fd, ReadOnlySpan<byte> address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(SafeFileHandle fd, ReadOnlySpan<byte> address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int listen(SafeFileHandle fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockname(SafeFileHandle fd, Span<byte> address, ref uint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle accept4(SafeFileHandle fd, nint address, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(SafeFileHandle fd, Span<byte> buf, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(SafeFileHandle fd, ReadOnlySpan<byte> buf, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(ref PollFd fds, nuint count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(SafeFileHandle fd, int level, int option, out Ucred value, ref uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(SafeFileHandle fd, int level, int option, ref int value, ref uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(SafeFileHandle fd, int level, int option, ref int value, uint length);

    /// <summary>Sets an option that is a number. One that this kernel has not got stays as it is.</summary>
    public static void Set(SafeFileHandle fd, int level, int option, int value) =>
        _ = setsockopt(fd, level, option, ref value, sizeof(int));

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(
        SafeFileHandle fd, int level, int option, ReadOnlySpan<long> value, uint length);

    /// <summary>How long connecting may take, and each send: then they fail with EAGAIN.</summary>
    public static void SetPatience(SafeFileHandle fd, int seconds) =>
        _ = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, [seconds, 0], 2 * sizeof(long)); // struct timeval

    /// <summary>The errno of what went wrong meanwhile, or 0.</summary>
    public static int ErrorOf(SafeFileHandle fd)
    {
        int error = 0;
        uint length = sizeof(int);
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, ref error, ref length) == 0 ? error : Marshal.GetLastPInvokeError();
    }

    /// <summary>struct sockaddr_un for a path.</summary>
    public static byte[] UnixAddress(ReadOnlySpan<byte> path)
    {
        if (path.Length is 0 or >= PathBytes)
        {
            throw new IOException($"a socket path has 1 to {PathBytes - 1} bytes");
        }

        var address = new byte[2 + path.Length + 1];
        address[0] = AF_UNIX; // sa_family_t, host order; both architectures are little-endian
        path.CopyTo(address.AsSpan(2));
        return address;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }

    /// <summary>struct ucred: what the kernel says of the peer, as it was at connect(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Ucred
    {
        public int Pid;
        public uint Uid;
        public uint Gid;
    }
}
