using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Access;

/// <summary>That an account is let in without being asked, and why, for the log.</summary>
internal sealed record Waiver(Priority Priority, string Reason)
{
    /// <summary>Steps 2 to 4 of docs/formats/policy.md, "In which order"; null: he is asked.</summary>
    /// <exception cref="ConfigurationException">A group that does not exist: nobody knows who was meant.</exception>
    public static Waiver? For(string user, HostConfiguration configuration, DateTimeOffset now)
    {
        if (configuration.BreakGlass is Exemption last && last.Name == user && last.Holds(now))
        {
            return new(Priority.Alert, $"BREAK-GLASS account {Printable.Of(user)} is used ({last.Reason}, until {Date(last)})");
        }

        if (configuration.Exemptions.GetValueOrDefault(user) is Exemption exemption && exemption.Holds(now))
        {
            return new(Priority.Notice, $"{Printable.Of(user)} is exempt until {Date(exemption)}: {exemption.Reason}");
        }

        return configuration.Policy is { AskGroups.Count: > 0 } policy && !IsMember(user, policy.AskGroups)
            ? new(Priority.Info, $"{Printable.Of(user)} is in no group that is asked")
            : null;
    }

    private static bool IsMember(string user, IReadOnlyList<string> groups)
    {
        uint[] asked = [.. groups.Select(name => Pwd.GroupByName(name)
            ?? throw new ConfigurationException("[policy] ask", 0, $"there is no group '{name}'"))];
        return Pwd.ByName(user) is not Account account || Pwd.GroupsOf(account).Intersect(asked).Any();
    }

    private static string Date(Exemption exemption) =>
        exemption.Until.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
