using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>
/// A TCP connection in which every wait has an end. TLS reads and writes through it, and wraps what it throws: what
/// counts is <see cref="End"/>.
/// </summary>
internal sealed partial class Wire : Stream
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
        error switch
        {
            Errno.ECONNREFUSED or Errno.ECONNRESET or Errno.ECONNABORTED or Errno.EPIPE or Errno.ENETRESET =>
                WireEnd.Lost,
            // The kernel says so at the end of its own patience, and by the last ICMP message if there was one.
            Errno.ETIMEDOUT or Errno.EHOSTUNREACH or Errno.EHOSTDOWN or Errno.ENETUNREACH or Errno.ENETDOWN =>
                WireEnd.Vanished,
            _ => WireEnd.None,
        },
        Unistd.StrError(error));

    private IOException Ended(WireEnd end, string message)
    {
        End = end;
        return new IOException(message);
    }
}
