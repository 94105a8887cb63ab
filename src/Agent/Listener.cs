using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Agent;

/// <summary>The agent's socket: systemd's (sd_listen_fds(3)), or one of its own.</summary>
internal sealed class Listener : IDisposable
{
    private const int FirstActivatedDescriptor = 3; // SD_LISTEN_FDS_START
    private const int Backlog = 128;
    private const uint EveryoneMayAsk = 0x1B6; // 0666; SO_PEERCRED decides, not the mode

    private readonly byte[]? _path;

    private Listener(SafeFileHandle socket, byte[]? path)
    {
        Socket = socket;
        _path = path;
    }

    public SafeFileHandle Socket { get; }

    /// <summary>Null: this process was not started by a systemd socket.</summary>
    public static Listener? FromSystemd()
    {
        string pid = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return Environment.GetEnvironmentVariable("LISTEN_PID") == pid
            && Environment.GetEnvironmentVariable("LISTEN_FDS") == "1"
            ? new Listener(new SafeFileHandle(FirstActivatedDescriptor, ownsHandle: true), path: null)
            : null;
    }

    /// <exception cref="IOException">The path cannot be used, or another agent serves it.</exception>
    public static Listener Bind(string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        byte[] address = SysSocket.UnixAddress(bytes);
        using (SafeFileHandle probe = NewSocket())
        {
            if (SysSocket.connect(probe, address, (uint)address.Length) == 0)
            {
                throw new IOException($"{path}: another agent answers there");
            }
        }

        byte[] terminated = [.. bytes, 0];
        if (SysStat.statx(Fcntl.AT_FDCWD, terminated, Fcntl.AT_SYMLINK_NOFOLLOW, SysStat.STATX_BASIC_STATS, out SysStat.Statx found) == 0)
        {
            if ((found.Mode & SysStat.S_IFMT) != SysStat.S_IFSOCK)
            {
                throw new IOException($"{path}: there is something else than a socket; it stays as it is");
            }

            _ = Unistd.unlink(terminated); // what an agent that was killed has left
        }

        SafeFileHandle socket = NewSocket();
        if (SysSocket.bind(socket, address, (uint)address.Length) != 0
            || SysStat.chmod(terminated, EveryoneMayAsk) != 0
            || SysSocket.listen(socket, Backlog) != 0)
        {
            string reason = Unistd.StrError(Marshal.GetLastPInvokeError());
            socket.Dispose();
            throw new IOException($"{path}: {reason}");
        }

        return new Listener(socket, terminated);
    }

    /// <summary>Wakes one thread that waits in accept(2), by a call that says nothing.</summary>
    public void Call()
    {
        byte[] address = new byte[2 + SysSocket.PathBytes];
        uint length = (uint)address.Length;
        if (SysSocket.getsockname(Socket, address, ref length) == 0)
        {
            using SafeFileHandle socket = SysSocket.socket(
                SysSocket.AF_UNIX, SysSocket.SOCK_STREAM | SysSocket.SOCK_CLOEXEC | SysSocket.SOCK_NONBLOCK, 0);
            _ = SysSocket.connect(socket, address, length); // no room in its queue: then the thread is awake
        }
    }

    public void Dispose()
    {
        Socket.Dispose();
        if (_path is not null)
        {
            _ = Unistd.unlink(_path);
        }
    }

    private static SafeFileHandle NewSocket()
    {
        SafeFileHandle socket = SysSocket.socket(SysSocket.AF_UNIX, SysSocket.SOCK_STREAM | SysSocket.SOCK_CLOEXEC, 0);
        return socket.IsInvalid ? throw new IOException(Unistd.StrError(Marshal.GetLastPInvokeError())) : socket;
    }
}
