using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <summary>What a user may be told to be.</summary>
internal static class UserRules
{
    /// <summary>What is wrong with it, for the administrator; null: nothing.</summary>
    public static string? Problem(IEnumerable<string> names, IEnumerable<string> groups)
    {
        if (names.FirstOrDefault(n => !Names.IsIdentity(n)) is { } name)
        {
            return $"a name has 1 to {Names.MostBytes} bytes and {Names.IdentitiesAre}: '{Names.ForTerminal(name)}'";
        }

        return groups.FirstOrDefault(g => !Names.IsWord(g)) is { } group
            ? $"no name of a group: '{Names.ForTerminal(group)}'"
            : null;
    }
}
