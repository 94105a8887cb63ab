using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Doctor;

/// <summary>An account that sshd may let in.</summary>
/// <param name="Groups">Names, the primary one included.</param>
/// <param name="Asked">Policy wants a second factor of him.</param>
/// <param name="HasShell">Or he was named; without one there may be sftp and forwarding.</param>
internal sealed record Person(Account Account, IReadOnlySet<string> Groups, bool Asked, bool HasShell)
{
    public string Name => Account.Name;

    public bool IsRoot => Account.Uid == 0;
}

/// <summary>Who can log in here.</summary>
internal static class People
{
    // A shell that is none: it ends at once, or does one thing that is no harm. sshd accepts it all the same.
    private static readonly HashSet<string> _noShells = ["nologin", "false", "true", "sync", "shutdown", "halt"];

    /// <param name="names">Of these only; empty: of all that the name service lists.</param>
    /// <exception cref="IOException">A name is no account.</exception>
    public static List<Person> Find(IReadOnlyList<string> names, HostConfiguration? configuration, DateTimeOffset now)
    {
        List<Account> accounts = names.Count == 0
            ? [.. Pwd.All().DistinctBy(account => account.Name).Where(MayPass)]
            : [.. names.Select(name => Pwd.ByName(name) ?? throw new IOException($"there is no account {Printable.Of(name)}"))];
        Dictionary<uint, string> byId = [];
        Dictionary<string, HashSet<string>> byMember = [];
        foreach ((string name, Group group) in Pwd.Groups())
        {
            byId.TryAdd(group.Gid, name);
            foreach (string member in group.Members)
            {
                (byMember.TryGetValue(member, out HashSet<string>? of) ? of : byMember[member] = []).Add(name);
            }
        }

        return [.. accounts.Select(account =>
        {
            HashSet<string> groups = byMember.TryGetValue(account.Name, out HashSet<string>? named) ? [.. named] : [];
            if (byId.TryGetValue(account.Gid, out string? primary))
            {
                groups.Add(primary);
            }

            return new Person(account, groups, IsAsked(account, groups, configuration, now),
                names.Count > 0 || HasShell(account));
        })];
    }

    public static string List(IReadOnlyCollection<Person> people)
    {
        const int Shown = 3;
        string names = string.Join(", ", people.Take(Shown).Select(person => Printable.Of(person.Name)));
        return people.Count > Shown ? $"{names} and {people.Count - Shown} more" : names;
    }

    /// <summary>
    /// As <see cref="Waiver.For"/> decides, with the groups that are known already. A configuration that refuses
    /// everybody waives nobody.
    /// </summary>
    private static bool IsAsked(
        Account account, HashSet<string> groups, HostConfiguration? configuration, DateTimeOffset now)
    {
        bool exempt = configuration is not null && account.Uid != 0
            && ((configuration.BreakGlass is Exemption last && last.Name == account.Name && last.Holds(now))
                || (configuration.Exemptions.GetValueOrDefault(account.Name)?.Holds(now) ?? false));
        bool outside = configuration?.Policy is { AskGroups.Count: > 0 } policy && !policy.AskGroups.Any(groups.Contains);
        return !exempt && !outside;
    }

    /// <summary>auth.c, allowed_user: a shell that is not there keeps out.</summary>
    private static bool MayPass(Account account) =>
        account.Shell.Length == 0 // sshd takes /bin/sh
        || File.Exists(account.Shell);

    private static bool HasShell(Account account) => !_noShells.Contains(Path.GetFileName(account.Shell));
}
