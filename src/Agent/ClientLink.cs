using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Sallyport.Agent;

/// <summary>
/// The ssh client's TCP connection, as the kernel has it (proc_pid_net(5), tcp). While PAM waits sshd reads nothing, so
/// that it does not see either that the client has gone.
/// </summary>
/// <param name="sshConnection">SSH_CONNECTION: client's address and port, host's address and port.</param>
internal sealed class ClientLink(string sshConnection)
{
    private const string Established = "01";
    private const long Interval = 1000; // ms: the list may have thousands of lines

    private readonly string[] _ends = Ends(sshConnection.Split(' '));
    private bool _wasThere;
    private long _next;

    /// <summary>Looked for at once: a client may be gone before anybody waits.</summary>
    public static ClientLink Of(string sshConnection)
    {
        ClientLink link = new(sshConnection);
        _ = link.IsLost();
        return link;
    }

    /// <summary>
    /// It was there, and is not any more, or its client has ended it. A connection that this process cannot see, because sshd
    /// is in another network, is never lost.
    /// </summary>
    public bool IsLost()
    {
        if (_ends.Length == 0 || Environment.TickCount64 < _next)
        {
            return false;
        }

        _next = Environment.TickCount64 + Interval;
        bool isThere = Connections().Any(line => _ends.Any(ends => line.Contains(ends, StringComparison.Ordinal)));
        _wasThere |= isThere;
        return _wasThere && !isThere;
    }

    private static IEnumerable<string> Connections()
    {
        try
        {
            return [.. File.ReadAllLines("/proc/self/net/tcp"), .. File.ReadAllLines("/proc/self/net/tcp6")];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>As a line has them, with IPv4 on its own and as mapped to IPv6.</summary>
    private static string[] Ends(string[] words) =>
        words is [string client, string clientPort, string host, string hostPort]
        && IPAddress.TryParse(client, out IPAddress? from) && IPAddress.TryParse(host, out IPAddress? to)
        && ushort.TryParse(clientPort, NumberStyles.None, CultureInfo.InvariantCulture, out ushort fromPort)
        && ushort.TryParse(hostPort, NumberStyles.None, CultureInfo.InvariantCulture, out ushort toPort)
            ? [
                $"{Hex(to)}:{toPort:X4} {Hex(from)}:{fromPort:X4} {Established} ",
                $"{Hex(to.MapToIPv6())}:{toPort:X4} {Hex(from.MapToIPv6())}:{fromPort:X4} {Established} ",
            ]
            : [];

    /// <summary>Words of four bytes, each as a number of this machine.</summary>
    private static string Hex(IPAddress address) => string.Concat(address.GetAddressBytes().Chunk(4)
        .Select(word => BinaryPrimitives.ReadUInt32LittleEndian(word).ToString("X8", CultureInfo.InvariantCulture)));
}
