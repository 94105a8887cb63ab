using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>How a connection ended.</summary>
internal enum WireEnd
{
    None = 0,

    /// <summary>By the other side, or by the network.</summary>
    Lost,

    /// <summary>Nothing came in time.</summary>
    Silent,

    /// <summary>Nobody waits here any more.</summary>
    Gone,
}

/// <summary>
/// A TCP connection in which every wait has an end. TLS reads and writes through it, and wraps what it throws: what
/// counts is <see cref="End"/>.
/// </summary>
internal sealed class Wire : Stream
{
    /// <summary>How soon it is seen that nobody waits any more.</summary>
    public const int Slice = 200; // milliseconds

    private readonly SafeFileHandle _socket;
    private long _deadline;
    private Func<bool> _isGone;

    private Wire(SafeFileHandle socket, long deadline, Func<bool> isGone) =>
        (_socket, _deadline, _isGone) = (socket, deadline, isGone);

    public WireEnd End { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Why this process can have no connection, whatever the network is like; null: it can.</summary>
    public static string? MayConnect()
    {
        using SafeFileHandle socket = SysSocket.socket(
            SysSocket.AF_INET, SysSocket.SOCK_STREAM | SysSocket.SOCK_NONBLOCK | SysSocket.SOCK_CLOEXEC, 0);
        return !socket.IsInvalid ? null
            : Marshal.GetLastPInvokeError() is Errno.EAFNOSUPPORT or Errno.EPERM
                ? "this program may have no network; for the agent the drop-in duo.conf allows it one"
                : Unistd.StrError(Marshal.GetLastPInvokeError());
    }

    /// <summary>Connects.</summary>
    /// <param name="deadline">Until when it waits, and reads and writes do, by <see cref="Environment.TickCount64"/>.</param>
    /// <param name="silence">How long what was sent may go without the other side's acknowledgement.</param>
    /// <exception cref="IOException">There is no connection; the message says why.</exception>
    public static Wire Connect(
        IPEndPoint place, TimeSpan silence, long deadline, Func<bool> isGone, out WireEnd end)
    {
        ReadOnlySpan<byte> address = place.Serialize().Buffer.Span[..place.Serialize().Size];
        SafeFileHandle socket = SysSocket.socket(
            (int)MemoryMarshal.Read<ushort>(address),
            SysSocket.SOCK_STREAM | SysSocket.SOCK_NONBLOCK | SysSocket.SOCK_CLOEXEC,
            0);
        var wire = new Wire(socket, deadline, isGone);
        try
        {
            if (socket.IsInvalid)
            {
                int none = Marshal.GetLastPInvokeError();
                throw none == Errno.EAFNOSUPPORT && place.AddressFamily is AddressFamily.InterNetworkV6
                    ? wire.Ended(WireEnd.Lost, Unistd.StrError(none)) // a host without IPv6 gets there by the other address
                    : wire.Lost(none);
            }

            if (SysSocket.connect(socket, address, (uint)address.Length) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error is not (Errno.EINPROGRESS or Errno.EINTR))
                {
                    throw wire.Lost(error);
                }

                wire.Wait(SysSocket.POLLOUT);
                if ((error = SysSocket.ErrorOf(socket)) != 0)
                {
                    throw wire.Lost(error);
                }
            }

            wire.SetOptions(silence);
            end = WireEnd.None;
            return wire;
        }
        catch
        {
            end = wire.End;
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Waits until then from now on, and for him.</summary>
    public void WaitUntil(long deadline, Func<bool> isGone) => (_deadline, _isGone) = (deadline, isGone);

    /// <summary>Waits no longer than until then.</summary>
    public void HurryUntil(long deadline) => _deadline = Math.Min(_deadline, deadline);

    /// <summary>Nothing has come that nobody asked for: no end of the connection, either.</summary>
    public bool IsQuiet()
    {
        var wait = new SysSocket.PollFd { Fd = (int)_socket.DangerousGetHandle(), Events = SysSocket.POLLIN };
        return End is WireEnd.None && SysSocket.poll(ref wait, 1, 0) == 0;
    }

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            nint got = SysSocket.recv(_socket, buffer, buffer.Length, SysSocket.MSG_DONTWAIT);
            int error = got < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (got > 0 || buffer.IsEmpty)
            {
                return (int)Math.Max(got, 0);
            }

            if (got == 0)
            {
                End = WireEnd.Lost;
                return 0;
            }

            WaitAfter(error, SysSocket.POLLIN);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint sent = SysSocket.send(_socket, buffer, buffer.Length, SysSocket.MSG_DONTWAIT | SysSocket.MSG_NOSIGNAL);
            if (sent > 0)
            {
                buffer = buffer[(int)sent..];
            }
            else
            {
                WaitAfter(Marshal.GetLastPInvokeError(), SysSocket.POLLOUT);
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _socket.Dispose();
        base.Dispose(disposing);
    }

    private void SetOptions(TimeSpan silence)
    {
        // A request is one write; it waits for no acknowledgement of the one before.
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_NODELAY, 1);

        // A network that has gone is seen while a person is waited for, too: what is not acknowledged ends it, and
        // what is empty is sent for the sake of the acknowledgement.
        int half = Math.Max((int)silence.TotalMilliseconds / 2, 1000);
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_USER_TIMEOUT, half);
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_KEEPIDLE, half / 1000);
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_KEEPINTVL, Math.Max(half / 2000, 1));
        SysSocket.Set(_socket, SysSocket.SOL_SOCKET, SysSocket.SO_KEEPALIVE, 1);
    }

    private void WaitAfter(int error, short events)
    {
        if (error == Errno.EAGAIN)
        {
            Wait(events);
        }
        else if (error != Errno.EINTR)
        {
            throw Lost(error);
        }
    }

    private void Wait(short events)
    {
        var wait = new SysSocket.PollFd { Fd = (int)_socket.DangerousGetHandle(), Events = events };
        while (true)
        {
            long left = _deadline - Environment.TickCount64;
            int ready = SysSocket.poll(ref wait, 1, (int)Math.Clamp(left, 0, Slice));
            if (ready > 0)
            {
                return;
            }

            if (ready < 0 && Marshal.GetLastPInvokeError() is not Errno.EINTR and int error)
            {
                throw Lost(error);
            }

            if (_isGone())
            {
                throw Ended(WireEnd.Gone, "nobody waits any more");
            }

            if (left <= 0)
            {
                throw Ended(WireEnd.Silent, "Connection timed out");
            }
        }
    }

    // What this host lacks (descriptors, ports, memory, the right to a socket) any account of it can bring about: that
    // is no outage of the server's.
    private IOException Lost(int error) => Ended(
        error is Errno.ECONNREFUSED or Errno.ECONNRESET or Errno.ECONNABORTED or Errno.EPIPE or Errno.ETIMEDOUT
            or Errno.EHOSTUNREACH or Errno.EHOSTDOWN or Errno.ENETUNREACH or Errno.ENETDOWN or Errno.ENETRESET
            ? WireEnd.Lost
            : WireEnd.None,
        Unistd.StrError(error));

    private IOException Ended(WireEnd end, string message)
    {
        End = end;
        return new IOException(message);
    }
}
