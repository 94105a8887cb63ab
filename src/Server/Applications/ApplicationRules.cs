using System.Net;
using System.Net.Sockets;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <summary>What an application may be told to be.</summary>
internal static class ApplicationRules
{
    private const int MostNameCharacters = 128;
    private const int ShortestPrefix4 = 8; // what one organization can have
    private const int ShortestPrefix6 = 16;

    /// <summary>What is wrong with it, for the administrator; null: nothing.</summary>
    /// <remarks>Null is not looked at.</remarks>
    public static string? Problem(
        string? name,
        IReadOnlyList<string>? groups,
        IReadOnlyList<string>? factors,
        IReadOnlyList<string>? networks)
    {
        if (name is not null && (!Names.IsIdentity(name) || name.Length > MostNameCharacters))
        {
            return $"a name has 1 to {MostNameCharacters} characters and {Names.IdentitiesAre}";
        }

        if (name is not null && FindApplication.LooksLikeKey(name))
        {
            return "a name does not look like an integration key";
        }

        if (groups?.FirstOrDefault(g => !Names.IsWord(g)) is { } group)
        {
            return $"no name of a group: '{Names.ForTerminal(group)}'";
        }

        if (factors?.FirstOrDefault(f => f is not ("passcode" or "push" or "bypass")) is { } factor)
        {
            return $"no factor that this server knows: '{Names.ForTerminal(factor)}' (passcode, push, bypass)";
        }

        return networks?.FirstOrDefault(n => !IsNetwork(n)) is { } network
            ? $"no network: '{Names.ForTerminal(network)}' "
                + "(its first address, a slash and the bits of the prefix: "
                + $"{ShortestPrefix4} at least, of IPv6 {ShortestPrefix6})"
            : null;
    }

    // TryParse takes 192.0.2.1/24 too, which may mean one address or all 256. Everybody is no network of trust, nor is
    // half of everybody, twice.
    private static bool IsNetwork(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network)
        && network.PrefixLength >= (network.BaseAddress.AddressFamily is AddressFamily.InterNetwork
            ? ShortestPrefix4
            : ShortestPrefix6)
        && network.ToString() == text;
}
