using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Access;

/// <summary>That an account is let in without being asked, and why, for the log.</summary>
internal sealed record Waiver(Priority Priority, string Reason)
{
    /// <summary>
    /// Steps 2 to 4 of docs/formats/policy.md, "In which order"; null: he is asked. uid 0 is never exempt, whatever the name.
    /// </summary>
    /// <exception cref="ConfigurationException">A group that does not exist: nobody knows who was meant.</exception>
    public static Waiver? For(string user, HostConfiguration configuration, DateTimeOffset now)
    {
        if (configuration.BreakGlass is Exemption last && last.Name == user && last.Holds(now) && !IsRoot(user))
        {
            return new(Priority.Alert, $"BREAK-GLASS account {Printable.Of(user)} is used ({last.Reason}, until {Date(last)})");
        }

        if (configuration.Exemptions.GetValueOrDefault(user) is Exemption exemption && exemption.Holds(now) && !IsRoot(user))
        {
            return new(Priority.Notice, $"{Printable.Of(user)} is exempt until {Date(exemption)}: {exemption.Reason}");
        }

        return configuration.Policy is { AskGroups.Count: > 0 } policy && !IsMember(user, policy.AskGroups)
            ? new(Priority.Info, $"{Printable.Of(user)} is in no group that is asked")
            : null;
    }

    private static bool IsRoot(string user) => Pwd.ByName(user) is null or { Uid: 0 };

    /// <summary>
    /// By the account's groups or by the group's members: getgrouplist(3) cannot say that it has asked in vain, and whom it
    /// then leaves out is still a member.
    /// </summary>
    private static bool IsMember(string user, IReadOnlyList<string> groups)
    {
        List<Group> asked = [.. groups.Select(name => Pwd.GroupByName(name)
            ?? throw new ConfigurationException("[policy] ask", 0, $"there is no group '{Printable.Of(name)}'"))];
        return Pwd.ByName(user) is not Account account
            || asked.Any(group => group.Members.Contains(account.Name))
            || Pwd.GroupsOf(account).Intersect(asked.Select(group => group.Gid)).Any();
    }

    private static string Date(Exemption exemption) =>
        exemption.Until.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
