using System.Net;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Login;

/// <summary>This host's own address, as a datagram to the rest of the world would have it. None is sent.</summary>
internal static class OwnAddress
{
    /// <summary>struct sockaddr_in: 192.0.2.1, which is nobody's (RFC 5737): only the route to it counts.</summary>
    private static readonly byte[] _away = [SysSocket.AF_INET, 0, 0, 53, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Null: there is no way out.</summary>
    public static string? Find()
    {
        using SafeFileHandle socket = SysSocket.socket(
            SysSocket.AF_INET, SysSocket.SOCK_DGRAM | SysSocket.SOCK_CLOEXEC, 0);
        Span<byte> own = stackalloc byte[_away.Length];
        uint length = (uint)own.Length;
        return !socket.IsInvalid
            && SysSocket.connect(socket, _away, (uint)_away.Length) == 0
            && SysSocket.getsockname(socket, own, ref length) == 0
            ? new IPAddress(own.Slice(4, 4)).ToString()
            : null;
    }
}
