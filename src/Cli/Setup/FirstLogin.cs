using Sallyport.Host.Configuration;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>Who has logged in with both steps, as the agent noted it (<see cref="Journal.Witness"/>).</summary>
internal static class FirstLogin
{
    public static bool Happened(Journal journal) =>
        Connections().Any(login => !journal.Probes.Contains(login.User) && HasFactor(login.User));

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
    public static bool HasFactor(string user)
    {
        using TotpStore store = TotpStore.At(TotpStore.DefaultPath, TimeSpan.FromSeconds(30));
        using TotpReading held = store.Open(user);
        HostConfiguration configuration = new ConfigurationFile(PolicyText.Path).Current();
        return held.Entry is not null || (configuration.HomeFiles
            && Pwd.ByName(user) is Account account && File.Exists($"{account.Home}/.google_authenticator"));
    }
}
