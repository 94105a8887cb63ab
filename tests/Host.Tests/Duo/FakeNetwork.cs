using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A network that goes away: the kernel drops what comes for a socket before TCP sees it.</summary>
internal static class FakeNetwork
{
    private const int SOL_SOCKET = 1;
    private const int SO_ATTACH_FILTER = 26;

    public static unsafe void Drop(Socket socket)
    {
        // struct sock_filter: "return", and none of the packet.
        byte* filter = stackalloc byte[] { 0x06, 0, 0, 0, 0, 0, 0, 0 };
        Span<byte> program = stackalloc byte[16]; // struct sock_fprog: how many, and where
        program.Clear();
        program[0] = 1;
        MemoryMarshal.Write(program[8..], (nint)filter);
        socket.SetRawSocketOption(SOL_SOCKET, SO_ATTACH_FILTER, program);
    }
}
