using System.Globalization;
using Sallyport.Cli.Sshd;
using Sallyport.Host.Access;

namespace Sallyport.Cli.Doctor;

/// <summary>
/// Which Match lines hold for a connection. This only sorts connections into heaps that sshd treats alike, and finds one
/// of each heap; what holds for it is asked of sshd itself.
/// </summary>
internal static class MatchTest
{
    public static bool Holds(MatchBlock block, Person person, SshdConnection connection) =>
        block.Criteria.All(criterion => Holds(criterion.Name, criterion.Value, person, connection));

    /// <summary>The part that the account alone decides.</summary>
    public static bool HoldsForPerson(MatchBlock block, Person person) => block.Criteria
        .Where(criterion => criterion.Name is "user" or "group")
        .All(criterion => Holds(criterion.Name, criterion.Value, person, SshdConnection.Of(person.Name)));

    /// <summary>AllowUsers and the like, with "@host" read so that rather too many can log in than too few.</summary>
    public static bool MayLogIn(Person person, EffectiveConfiguration sshd)
    {
        bool User(string pattern) => Patterns.Match(person.Name, pattern.Split('@')[0]);
        bool Group(string pattern) => person.Groups.Any(group => Patterns.Match(group, pattern));
        return !sshd.Words("denyusers").Any(pattern => !pattern.Contains('@', StringComparison.Ordinal) && User(pattern))
            && !sshd.Words("denygroups").Any(Group)
            && (!sshd.Words("allowusers").Any() || sshd.Words("allowusers").Any(User))
            && (!sshd.Words("allowgroups").Any() || sshd.Words("allowgroups").Any(Group))
            && !(person.IsRoot && sshd.Is("permitrootlogin", "no"));
    }

    private static bool Holds(string name, string value, Person person, SshdConnection connection) => name switch
    {
        "all" => true,
        "user" => Patterns.MatchList(person.Name, value),
        "group" => HasGroup(person, value),
        "host" => Patterns.MatchList(connection.Host, value.ToLowerInvariant()),
        "address" => Patterns.MatchList(connection.Address, value, AddressPatterns.Match),
        "localaddress" => Patterns.MatchList(connection.LocalAddress, value, AddressPatterns.Match),
        "localport" => value == connection.LocalPort.ToString(CultureInfo.InvariantCulture),
        "rdomain" => Patterns.MatchList(connection.RDomain, value),
        _ => false, // invalid-user: nobody who can log in
    };

    /// <summary>groupaccess.c: one group that is excluded beats all others.</summary>
    private static bool HasGroup(Person person, string list)
    {
        string[] excluded = [.. list.Split(',').Where(p => p.StartsWith('!')).Select(p => p[1..])];
        string[] wanted = [.. list.Split(',').Where(p => !p.StartsWith('!'))];
        return !person.Groups.Any(group => excluded.Any(p => Patterns.Match(group, p)))
            && person.Groups.Any(group => wanted.Any(p => Patterns.Match(group, p)));
    }
}
