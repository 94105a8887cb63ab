using System.Net;
using Sallyport.Host.Access;

namespace Sallyport.Cli.Sshd;

/// <summary>What "Match address" of sshd_config(5) takes: patterns, and networks such as 10.0.0.0/8.</summary>
internal static class AddressPatterns
{
    public static bool Match(string address, string pattern) =>
        TryNetwork(pattern, out IPNetwork network) && IPAddress.TryParse(address, out IPAddress? parsed)
            ? network.Contains(parsed)
            : Patterns.Match(address, pattern);

    /// <summary>
    /// Addresses that tell what a pattern covers and what it does not. However networks are cut out of each other, each
    /// piece begins with the first address of one of them or with the one behind its last.
    /// </summary>
    public static IEnumerable<string> Witnesses(string pattern)
    {
        if (!TryNetwork(pattern, out IPNetwork network))
        {
            return
            [
                .. from fill in _fills
                   let address = pattern.Replace("*", fill, StringComparison.Ordinal).Replace('?', fill[^1])
                   where IPAddress.TryParse(address, out _) && Match(address, pattern)
                   select address,
            ];
        }

        byte[] first = network.BaseAddress.GetAddressBytes();
        byte[] last = [.. first];
        for (int bit = network.PrefixLength; bit < last.Length * 8; bit++)
        {
            last[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        byte[][] witnesses = [first, last, Step(first, 1), Step(last, -1), Step(first, -1), Step(last, 1)];
        return witnesses.Select(bytes => new IPAddress(bytes).ToString()).Distinct();
    }

    // What '*' may stand for: one part of an address, or several.
    private static readonly string[] _fills = ["1", "77", "254", "0.1", "1.77", "0.0.1", "1.1.77", ":1", "1::77"];

    private static bool TryNetwork(string pattern, out IPNetwork network)
    {
        if (IPAddress.TryParse(pattern, out IPAddress? single))
        {
            network = new IPNetwork(single, single.GetAddressBytes().Length * 8);
            return true;
        }

        return IPNetwork.TryParse(pattern, out network);
    }

    /// <summary>The next address, or the one before.</summary>
    private static byte[] Step(byte[] address, int by)
    {
        byte[] next = [.. address];
        for (int i = next.Length - 1; i >= 0; i--)
        {
            next[i] = unchecked((byte)(next[i] + by));
            if (next[i] != (by > 0 ? 0 : 255))
            {
                break;
            }
        }

        return next;
    }
}
