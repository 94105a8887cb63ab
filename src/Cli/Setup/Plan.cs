using Sallyport.Cli.Doctor;
using Sallyport.Host.Access;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>A file before, while the probes log in, and after.</summary>
internal sealed record FileChange(HostFile Before, HostFile Staged, HostFile After);

/// <summary>Everything that setup would change on this host, and what keeps it from doing so.</summary>
internal sealed class Plan
{
    /// <summary>
    /// The accounts that logins are tried with: one enrolled, one without a factor, one that stands in for those who need
    /// their key alone.
    /// </summary>
    public required IReadOnlyList<string> Probes { get; init; }

    public string KeyAloneProbe => Probes[2];

    /// <summary>From which sshd takes the break-glass account's keys, and nobody but root can change it.</summary>
    public required string BreakGlassKeys { get; init; }

    /// <summary>Null: the agent needs no network, or has one.</summary>
    public required FileChange? AgentNetwork { get; init; }

    public required FileChange Policy { get; init; }

    public required FileChange Include { get; init; }

    public required FileChange? Config { get; init; }

    public required FileChange DropIn { get; init; }

    public required FileChange Pam { get; init; }

    public required HostConfiguration Configuration { get; init; }

    /// <summary>sshd runs sallyport-login for who is asked.</summary>
    public required bool AskedByCommand { get; init; }

    public IReadOnlyList<string> Refusals { get; private set; } = [];

    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>In the order in which they are put in place.</summary>
    public IEnumerable<FileChange> Files =>
        ((FileChange?[])[AgentNetwork, Policy, Include, Config, DropIn, Pam]).OfType<FileChange>();

    /// <exception cref="SetupRefused">The files that are there are none that setup understands.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static Plan Make(SetupChoices choices, bool provedByProbe)
    {
        string[] probes = [ProbeAccount.NewName(), ProbeAccount.NewName(), ProbeAccount.NewName()];
        CheckSshd();
        HostFile dropIn = Existing(SshdFiles.DropInPath, 0x1A4);
        choices = SshdFiles.AsBefore(choices, dropIn.Text);
        HostFile policy = Existing(PolicyText.Path, 0x180);
        bool homeFilesLeft = HomeFilesLeft();
        string policyText = PolicyText.With(policy.Text, choices, homeFilesLeft);
        HostConfiguration configuration = PolicyText.Parse(policyText);
        if (configuration.Secret is not null)
        {
            throw new SetupRefused($"{PolicyText.Path}: [totp] secret is kept by hand; setup knows the root-only store and homes");
        }

        if (configuration.StateDirectory != "/var/lib/sallyport")
        {
            throw new SetupRefused($"{PolicyText.Path}: setup wants [agent] state_directory where it is by itself");
        }

        HostFile config = HostFile.Read(SshdFiles.ConfigPath);
        if (config.Content is null)
        {
            throw new SetupRefused($"there is no {SshdFiles.ConfigPath}: install OpenSSH's server");
        }

        HostFile pam = HostFile.Read(PamLayout.SshdPath);
        PamLayout layout = choices.ForceCommand ? PamLayout.GateOnly(pam.Text) : PamLayout.Of(pam.Text);
        string configText = SshdFiles.Config(config.Text);
        List<string> keyAlone = [.. configuration.BreakGlass is Exemption g ? [g.Name] : (string[])[], .. configuration.Exemptions.Keys];
        if (keyAlone.FirstOrDefault(name => !SetupChoices.CanName(name)) is string pattern)
        {
            throw new SetupRefused($"'{pattern}' is not the name of one account, and sshd's Match User would not take it for one: "
                + "give each account by its own name");
        }

        BreakGlassProof glass = BreakGlassProof.Of(configuration.BreakGlass, provedByProbe);
        HostFile include = Existing(PamLayout.IncludePath, 0x1A4);
        IReadOnlyList<string> groups = configuration.Policy!.AskGroups;
        string DropIn(string[] stands, IReadOnlyList<string> tried) => keyAlone.Count == 0 ? ""
            : SshdFiles.DropIn(choices, groups, [.. keyAlone, .. stands], glass.KeysMove, tried);
        string dropInText = DropIn([], []);
        string staged = DropIn([probes[2]], probes);
        AskedByCommand? asked = choices.ForceCommand ? new(groups, keyAlone) : null;
        AskedByLogin? byLogin = choices.ForceCommand ? new(configuration, choices) : null;
        var plan = new Plan
        {
            Probes = probes,
            BreakGlassKeys = glass.KeyFile ?? "",
            AgentNetwork = Setup.AgentNetwork.For(configuration),
            Policy = new(policy, policy.With(PolicyText.WithProbes(policyText, probes, exempt: probes[2])), policy.With(policyText)),
            Include = new(include, include.With(layout.Include(gate: false, null, null)),
                include.With(layout.Include(gate: true, configuration.BreakGlass, asked))),
            Config = configText == config.Text ? null : new(config, config.With(configText), config.With(configText)),
            DropIn = new(dropIn, dropIn.With(staged), dropIn.With(dropInText)),
            Pam = new(pam, pam.With(layout.Sshd), pam.With(layout.Sshd)),
            Configuration = configuration,
            AskedByCommand = choices.ForceCommand,
            Refusals = [.. glass.Problems, .. byLogin?.Problems() ?? [], .. HostProblems(configuration, choices, homeFilesLeft)],
            Notes = [.. NotesOn(configText != config.Text, homeFilesLeft), .. byLogin?.Notes() ?? []],
        };

        // Without an account for break-glass there is no drop-in that could be looked at.
        IReadOnlyList<Finding> found = keyAlone.Count == 0 ? [] : Candidate.Examine(plan.Files.Select(file => file.After));
        plan.Refusals = [.. plan.Refusals, .. found.Where(Candidate.IsReason).Select(Candidate.Say)];
        plan.Notes = [.. plan.Notes, .. found.Where(Candidate.IsToldOnly).Select(Candidate.Say)];
        return plan;
    }

    public PlanReport Report() => new(
        [.. Files.Select(f => new PlannedFile(f.Before.Path, f.Before.Hash != f.After.Hash, f.Before.Hash, f.After.Hash, UnifiedDiff.Of(f.Before, f.After)))],
        Refusals, Notes);

    private static HostFile Existing(string path, uint mode)
    {
        HostFile file = HostFile.Read(path);
        return file.Content is null ? file with { Mode = mode } : file;
    }

    private static bool HomeFilesLeft() =>
        Pwd.All().Any(account => File.Exists($"{account.Home}/.google_authenticator"));

    private static void CheckSshd()
    {
        try
        {
            Sshd.Check();
        }
        catch (IOException broken)
        {
            throw new SetupRefused($"sshd refuses its own files as they are: {broken.Message}\nMend them until sshd -t says nothing, "
                + "then run setup again");
        }
    }

    private static IEnumerable<string> HostProblems(HostConfiguration configuration, SetupChoices choices, bool homeFilesLeft)
    {
        if (homeFilesLeft && Sshd.HasSystemd
            && !File.Exists("/etc/systemd/system/sallyport-agent.service.d/home-files.conf"))
        {
            yield return "there are ~/.google_authenticator files, which the agent does not see as it is: "
                + "docs/how-to/from-google-authenticator.md has the order in which nobody is locked out";
        }

        if (SshdSocket.Problem() is string socket)
        {
            yield return socket;
        }

        List<Account> people = [.. LoginAccounts(configuration.BreakGlass?.Name)];
        if (people.Count == 0)
        {
            yield return "root by its key, and the break-glass account, are the only ways in: "
                + "make an account with a key for an administrator (sallyport user add NAME --key=KEY)";
        }
        else if (!people.Exists(account => !configuration.Exemptions.ContainsKey(account.Name) && Access.MayLogIn(account.Name)))
        {
            yield return $"of those who would be asked nobody may log in ({string.Join(", ", people.Take(3).Select(account => account.Name))}): "
                + "AllowUsers, AllowGroups, DenyUsers or DenyGroups in sshd's files keep them out, or they are exempt";
        }

        if (choices.RootOwnedKeys && LoginAccounts(null)
            .FirstOrDefault(a => !File.Exists($"/etc/ssh/authorized_keys.d/{a.Name}")) is Account without)
        {
            yield return $"--root-owned-keys: {without.Name} has no file in /etc/ssh/authorized_keys.d and would be locked out";
        }
    }

    /// <summary>Who has a key of his own, but for root and the break-glass account.</summary>
    private static IEnumerable<Account> LoginAccounts(string? breakGlass)
    {
        string[] places = [.. Sshd.Effective("root")["authorizedkeysfile"].SelectMany(files => files.Split(' ')), SshdFiles.RootOwnedKeys];
        return Pwd.All().Where(account => account.Uid != 0 && account.Name != breakGlass
            && places.Any(place => new FileInfo(SshdFiles.KeyFile(place, account)) is { Exists: true, Length: > 0 }));
    }

    private static List<string> NotesOn(bool includeAdded, bool homeFilesLeft)
    {
        List<string> notes = [];
        if (includeAdded)
        {
            notes.Add($"{SshdFiles.ConfigPath} does not begin with an Include of sshd_config.d: setup puts it there");
        }

        if (homeFilesLeft)
        {
            notes.Add("~/.google_authenticator files stay in use, readable by their owners. "
                + "'sallyport import-ga --all' moves them; run setup again after it, and it turns them off");
        }

        return notes;
    }
}
