using System.Net;
using System.Net.Sockets;

namespace Sallyport.Server.Authentications;

/// <summary>
/// What one subscriber has, and is counted by wherever something is counted: an IPv4 address, or the 64 bits of an IPv6
/// address that are his network's.
/// </summary>
internal readonly record struct SourceNetwork
{
    private readonly IPAddress _first;

    private SourceNetwork(IPAddress first) => _first = first;

    public static SourceNetwork Of(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (address.AddressFamily is AddressFamily.InterNetwork)
        {
            return new(address);
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new(new IPAddress(bytes));
    }

    public override string ToString() =>
        _first.AddressFamily is AddressFamily.InterNetworkV6 ? _first + "/64" : _first.ToString();
}
