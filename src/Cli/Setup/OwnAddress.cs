using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sallyport.Cli.Setup;

/// <summary>
/// Whether a connection came from this host itself, so that it tells nothing about the way in from outside: by ssh
/// localhost, by a port that is forwarded, by a jump over this host.
/// </summary>
internal static class OwnAddress
{
    /// <param name="connection">As sshd tells it to PAM: the client's address and port, the server's address and port.</param>
    public static bool IsClientOf(string connection)
    {
        string[] words = connection.Split(' ');
        return words.Length != 4
            || Parse(words[0]) is not IPAddress client // what is no address proves nothing
            || client.Equals(Parse(words[2]))
            || IsOwn(client);
    }

    private static bool IsOwn(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || IsOfAnInterface(address) || CanBeBound(address);

    private static bool IsOfAnInterface(IPAddress address)
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(one => one.GetIPProperties().UnicastAddresses)
                .Any(own => address.Equals(Plain(own.Address)));
        }
        catch (NetworkInformationException)
        {
            return true; // who cannot tell confirms nothing
        }
    }

    /// <summary>A route may make more addresses the host's than its interfaces have (ip route add local).</summary>
    private static bool CanBeBound(IPAddress address)
    {
        string family = address.AddressFamily is AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4";
        if (!File.Exists($"/proc/sys/net/{family}/ip_nonlocal_bind")
            || File.ReadAllText($"/proc/sys/net/{family}/ip_nonlocal_bind").Trim() != "0")
        {
            return false; // the kernel binds to any
        }

        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static IPAddress? Parse(string text) =>
        IPAddress.TryParse(text.Split('%')[0], out IPAddress? address) ? Plain(address) : null;

    /// <summary>Without the interface that a link-local one is of, and an IPv4 address as one.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
}
