using Sallyport.Host.Configuration;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>Who has logged in with both steps, as the agent noted it (<see cref="Journal.Witness"/>).</summary>
internal static class FirstLogin
{
    /// <summary>Who, and from where; null: nobody, or only from this host itself, which proves nothing.</summary>
    public static string? Happened(Journal journal) => Logins(journal)
        .Where(login => journal.FromThisHost || !OwnAddress.IsClientOf(login.Connection))
        .Select(login => $"{login.User} from {login.Connection.Split(' ')[0]}")
        .FirstOrDefault();

    /// <summary>There were logins that do not count, because they came from this host itself.</summary>
    public static bool HappenedHereOnly(Journal journal) => Logins(journal).Count > 0 && Happened(journal) is null;

    private static List<(string User, string Connection)> Logins(Journal journal)
    {
        try
        {
            return [.. Connections().Where(login => !journal.Probes.Contains(login.User) && HasFactor(login.User))];
        }
        catch (Exception broken) when (broken is IOException or ConfigurationException)
        {
            return []; // what cannot be known must not keep setup from going back
        }
    }

    /// <summary>Connections that proved a factor, and then opened a session.</summary>
    public static IEnumerable<(string User, string Connection)> Connections()
    {
        string[][] lines = [.. HostFile.Read(Journal.Witness).Text.Split('\n').Select(line => line.Split(' ', 3)).Where(w => w.Length == 3)];
        return from line in lines
               where line[0] == "opened" && lines.Any(l => l[0] == "proved" && l[1] == line[1] && l[2] == line[2])
               where !line[1].StartsWith("sallyport-probe-", StringComparison.Ordinal)
               select (line[1], line[2]);
    }

    /// <summary>Who has none was let in by "allow until", without a second step.</summary>
    public static bool HasFactor(string user) => HasFactor(user, new ConfigurationFile(PolicyText.Path).Current());

    /// <summary>With [duo] that is the server's to know.</summary>
    public static bool HasFactor(string user, HostConfiguration configuration)
    {
        if (configuration.Duo is not null)
        {
            return true;
        }

        using TotpStore store = TotpStore.At(TotpStore.DefaultPath, TimeSpan.FromSeconds(30));
        using TotpReading held = store.Open(user);
        return held.Entry is not null || (configuration.HomeFiles
            && Pwd.ByName(user) is Account account && File.Exists($"{account.Home}/.google_authenticator"));
    }
}
