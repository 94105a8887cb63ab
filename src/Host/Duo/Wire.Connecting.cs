using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <content>How there comes to be one.</content>
internal sealed partial class Wire
{
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
    /// <param name="deadline">Of it, and of reading and writing, by <see cref="Environment.TickCount64"/>.</param>
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
                // A host without IPv6 gets there by the other address.
                throw none == Errno.EAFNOSUPPORT && place.AddressFamily is AddressFamily.InterNetworkV6
                    ? wire.Ended(WireEnd.Lost, Unistd.StrError(none))
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

    /// <summary>How long nothing can have been heard, at most, when the network is given up; in milliseconds.</summary>
    public static long Unheard(TimeSpan silence) => Half(silence) * 3 / 2;

    private static int Half(TimeSpan silence) => Math.Max((int)silence.TotalMilliseconds / 2, 1000);

    private void SetOptions(TimeSpan silence)
    {
        // A request is one write; it waits for no acknowledgement of the one before.
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_NODELAY, 1);

        // A network that has gone is seen while a person is waited for, too: what is not acknowledged ends it, and
        // what is empty is sent for the sake of the acknowledgement.
        int half = Half(silence);
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_USER_TIMEOUT, half);
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_KEEPIDLE, half / 1000);
        SysSocket.Set(_socket, NetinetTcp.IPPROTO_TCP, NetinetTcp.TCP_KEEPINTVL, Math.Max(half / 2000, 1));
        SysSocket.Set(_socket, SysSocket.SOL_SOCKET, SysSocket.SO_KEEPALIVE, 1);
    }
}
