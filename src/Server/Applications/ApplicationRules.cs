using System.Net;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

/// <summary>What an application may be told to be.</summary>
internal static class ApplicationRules
{
    private const int MostNameCharacters = 128;

    /// <summary>What is wrong with it, for the administrator; null: nothing.</summary>
    public static string? Problem(AddApplicationRequest request)
    {
        if (!Names.IsName(request.Name) || request.Name.Length > MostNameCharacters)
        {
            return $"a name has 1 to {MostNameCharacters} characters and no control characters";
        }

        if (request.AllowedGroups.FirstOrDefault(g => !Names.IsWord(g)) is { } group)
        {
            return $"no name of a group: '{group}'";
        }

        if (request.AllowedFactors.FirstOrDefault(f => f is not ("passcode" or "bypass")) is { } factor)
        {
            return $"no factor that this server knows: '{factor}' (passcode, bypass)";
        }

        return request.TrustedNetworks.FirstOrDefault(n => !IPNetwork.TryParse(n, out _)) is { } network
            ? $"no network: '{network}' (an address, a slash and the bits of the prefix)"
            : null;
    }
}
