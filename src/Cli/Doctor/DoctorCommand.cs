using System.Text;
using Sallyport.Cli.Factors;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Sshd;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>
/// sallyport doctor: looks for ways around the second factor, and for what keeps everybody out. It changes nothing.
/// </summary>
internal static class DoctorCommand
{
    private static readonly Option[] _options =
        [
            new('h', "help", false), new('\0', "json", false), new('\0', "user", true), new('\0', "config", true),
            new('\0', "time-server", true),
        ];

    public static int Run(IReadOnlyList<string> words)
    {
        GetOpt options = new("sallyport doctor", words, _options, anywhere: true);
        bool json = false;
        List<string> users = [];
        List<string> timeServers = [];
        string configuration = FactorCommand.DefaultConfiguration;
        while (options.TryNext(out Option? option, out string value))
        {
            switch (option.Name)
            {
                case "help":
                    Screen.Write(SallyportHelp.For("doctor"));
                    return 0;
                case "json":
                    json = true;
                    break;
                case "user":
                    users.Add(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value)));
                    break;
                case "time-server":
                    timeServers.Add(value);
                    break;
                default:
                    configuration = value;
                    break;
            }
        }

        string? wrong = options.Error
            ?? (options.Rest.FirstOrDefault() is string word ? $"sallyport doctor: unexpected argument '{word}'" : null);
        if (wrong is not null)
        {
            Screen.WriteError($"{wrong}\n{SallyportHelp.For("doctor").TrimEnd()}");
            return SallyportHelp.UsageError;
        }

        if (Unistd.geteuid() != 0)
        {
            Screen.WriteError("sallyport doctor: only root can do that: it reads what others may not");
            return 1;
        }

        IReadOnlyList<Finding> found = Examine(users, configuration, timeServers, TimeProvider.System);
        Screen.Write(json ? Report.Json(found) : Report.Text(found));
        return Report.ExitCode(found);
    }

    /// <exception cref="IOException">A name is no account, or the account database cannot be asked.</exception>
    private static IReadOnlyList<Finding> Examine(
        List<string> users, string path, List<string> timeServers, TimeProvider time)
    {
        var findings = new Findings();
        var agent = new AgentChecks(findings, time);
        HostConfiguration? configuration = agent.Configuration(path);
        agent.CheckSocket(FactorCommand.DefaultSocket);
        agent.CheckState(configuration?.StateDirectory ?? "/var/lib/sallyport");

        List<Person> people = People.Find(users, configuration, time.GetUtcNow());
        SshdProgram? usual = SshdProgram.Find();
        if (usual is null)
        {
            findings.Error(FindingId.SshdMissing, "no sshd is at the places where distributions have it",
                "nothing can be said about logins", "install openssh-server");
        }
        else
        {
            IReadOnlyList<SshdProgram> listening = SshdListeners.Find(usual);
            foreach (SshdProgram sshd in listening.Count > 0 ? listening : [usual])
            {
                ExamineSshd(findings, sshd, people, configuration, isEverybody: users.Count == 0);
            }
        }

        if (configuration is not null)
        {
            try
            {
                new PolicyChecks(findings, path, configuration, time).Check(usual, users.Count == 0 ? [.. people.Where(person => person.HasShell)] : null);
            }
            catch (SshdException)
            {
                // What is wrong with sshd's configuration is among the findings.
            }
        }

        if (configuration?.Duo is DuoSettings duo)
        {
            new DuoChecks(findings, path, time).Check(duo);
        }

        if (configuration is null or { HomeFiles: true, Secret: null })
        {
            new HomeChecks(findings).Check(people);
        }

        new ClockChecks(findings, time).Check(timeServers);
        new HostChecks(findings).Check(usual);
        return findings.All;
    }

    private static void ExamineSshd(
        Findings findings, SshdProgram sshd, List<Person> people, HostConfiguration? configuration, bool isEverybody)
    {
        SshdFile file = SshdFile.Read(sshd.ConfigurationFile);
        new FileChecks(findings, sshd, file).Check();
        HashSet<Person> throughPam = [];
        bool asksPam = true;
        PamFacts pam = PamFacts.Of("sshd");
        try
        {
            EffectiveConfiguration always = sshd.Evaluate(SshdConnection.Of("root"));
            if (always["pamservicename"] is { Length: > 0 } service && service != pam.Service)
            {
                pam = PamFacts.Of(service);
            }

            new ReloadChecks(findings, sshd, file).Check(always);
            var settings = new SettingChecks(findings, sshd, file);
            settings.CheckForAll(always);
            var logins = new Logins(sshd, file, people);
            bool isRootAlone = isEverybody && people.TrueForAll(person => person.IsRoot || !person.HasShell);
            var ways = new LoginChecks(findings, sshd, file, pam, isRootAlone);
            foreach (Login login in logins.Evaluate())
            {
                settings.Check(login);
                throughPam.UnionWith(ways.Check(login) ? login.People.Where(person => person.HasShell) : []);
            }

            asksPam = !ways.AllByCommand;
            if (logins.LeftOut > 0)
            {
                findings.Note(FindingId.Sampled, $"{logins.LeftOut} combinations of Match lines were not asked about",
                    "each line was looked at, alone and in some combinations; what holds where three or more meet may differ",
                    "sallyport doctor --user=NAME looks at one account, with every line", sshd.ConfigurationFile);
            }
        }
        catch (SshdException broken)
        {
            new FileChecks(findings, sshd, file).Broken(broken.Message);
        }

        new PamChecks(findings, pam, configuration).Check(throughPam, asksPam);
    }
}
