using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sallyport.Cli.Factors;
using Sallyport.Cli.Moving;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Users;

/// <summary>One account in the list.</summary>
/// <param name="Factor">store, home, none, or unreadable: then it is refused.</param>
/// <param name="Policy">asked, not asked, exempt or break-glass.</param>
/// <param name="PolicyUntil">Exempt until that day.</param>
/// <param name="Keys">In his home and root-owned; null: it cannot be told.</param>
/// <param name="LastChange">Of his factor, as he is told at a login.</param>
internal sealed record ListedUser(
    string Name, uint Uid, string Factor, DateTimeOffset? InvitedUntil, string Policy, DateOnly? PolicyUntil, int? Keys,
    string? LastChange);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(List<ListedUser>))]
internal sealed partial class ListedUsers : JsonSerializerContext;

/// <summary>Everybody who can log in, by the shell.</summary>
internal sealed class ListUsers(HostStores stores, TimeProvider time)
{
    public void Run(bool json)
    {
        List<ListedUser> users = [.. Pwd.All().DistinctBy(account => account.Name)
            .Where(account => LoginShell.Lets(account) && TotpStore.IsName(account.Name)).Select(One)];
        if (json)
        {
            Screen.Write(JsonSerializer.Serialize(users, ListedUsers.Default.ListListedUser) + "\n");
            return;
        }

        int width = Math.Max(4, users.Select(user => user.Name.Length).DefaultIfEmpty(0).Max());
        Screen.Write($"{"NAME".PadRight(width)}  FACTOR      INVITED UNTIL         KEYS  POLICY\n");
        foreach (ListedUser user in users)
        {
            string invited = user.InvitedUntil is DateTimeOffset until ? FactorStatus.Moment(until.ToUnixTimeSeconds()) : "-";
            string keys = user.Keys?.ToString(CultureInfo.InvariantCulture) ?? "?";
            string policy = user.PolicyUntil is DateOnly date ? $"{user.Policy} until {date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}" : user.Policy;
            Screen.Write($"{Printable.Of(user.Name).PadRight(width)}  {user.Factor,-10}  {invited,-20}  {keys,4}  {policy}\n");
            if (user.LastChange is not null)
            {
                Screen.Write($"{"".PadRight(width)}  {user.LastChange}\n");
            }
        }
    }

    private ListedUser One(Account account)
    {
        using TotpReading entry = stores.Store.Open(account.Name);
        string factor = entry.Problem switch
        {
            ReadProblem.None => "store",
            ReadProblem.Missing => HomeFactor(account),
            _ => "unreadable",
        };
        string[]? own = new AuthorizedKeys(account).Read();
        string[]? rootOwned = RootOwnedKeys.Read(account.Name);
        (string policy, DateOnly? until) = PolicyOf(account.Name);
        return new(account.Name, account.Uid, factor, stores.Invitations.Find(account.Name, time.GetUtcNow())?.Expires,
            policy, until, own is null || rootOwned is null ? null : own.Length + rootOwned.Length,
            entry.Entry?.Enrolment.Notices is [.., var last] ? last.Text : null);
    }

    private string HomeFactor(Account account)
    {
        if (!stores.Configuration.HomeFiles)
        {
            return "none";
        }

        using Host.Files.HomeFile.Reading home = new HomePlace(account).Read();
        return home.Problem switch
        {
            ReadProblem.None => "home",
            ReadProblem.Missing => "none",
            _ => "unreadable",
        };
    }

    private (string Policy, DateOnly? Until) PolicyOf(string name)
    {
        HostConfiguration configuration = stores.Configuration;
        if (configuration.BreakGlass is Exemption last && last.Name == name)
        {
            return (last.Holds(time.GetUtcNow()) ? "break-glass" : "asked", last.Until);
        }

        if (configuration.Exemptions.GetValueOrDefault(name) is Exemption exemption)
        {
            return (exemption.Holds(time.GetUtcNow()) ? "exempt" : "asked", exemption.Until);
        }

        try
        {
            return (Waiver.For(name, configuration, time.GetUtcNow()) is null ? "asked" : "not asked", null);
        }
        catch (ConfigurationException)
        {
            return ("refused", null); // by a group that does not exist
        }
    }
}
