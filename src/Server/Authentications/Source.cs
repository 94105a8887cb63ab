using System.Net;
using System.Net.Sockets;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Where the person sits who logs in: the address that his host named, if that is one, else the host's own. A host
/// name is never looked up, because who owns its zone would choose the address.
/// </summary>
/// <param name="Address">The ssh client's, as the host says; null: unknown, which no trusted network contains.</param>
/// <param name="Client">The address that the request came from; null: unknown.</param>
internal sealed record Source(IPAddress? Address, IPAddress? Client)
{
    /// <summary>What failures are counted by.</summary>
    public string Key { get; } = (Address, Client) switch
    {
        ({ } address, _) => SourceNetwork.Of(address).ToString(),
        (null, { } client) => $"host {SourceNetwork.Of(client)}",
        _ => "unknown",
    };

    /// <param name="ipaddr">The parameter; anything but an IP literal is unknown.</param>
    public static Source Of(string? ipaddr, IPAddress? client) => new(Parse(ipaddr), Plain(client));

    /// <summary>An IPv4 address in four parts, or an IPv6 address; no zone, no port, no short form, no name.</summary>
    private static IPAddress? Parse(string? text)
    {
        // IPAddress also reads "1", "0x7f.1" and "017.0.0.1", which programs disagree about.
        bool plain = text is { Length: >= 2 and <= 45 }
            && !text.Contains('%', StringComparison.Ordinal)
            && !text.Contains('[', StringComparison.Ordinal);
        if (!plain || !IPAddress.TryParse(text, out IPAddress? address))
        {
            return null;
        }

        bool literal = address.AddressFamily is AddressFamily.InterNetworkV6
            || string.Equals(address.ToString(), text, StringComparison.Ordinal);
        return literal ? Plain(address) : null;
    }

    private static IPAddress? Plain(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
