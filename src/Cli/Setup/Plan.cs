using Sallyport.Cli.Sshd;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>A file before, while the probes log in, and after.</summary>
internal sealed record FileChange(HostFile Before, HostFile Staged, HostFile After);

/// <summary>Everything that setup would change on this host, and what keeps it from doing so.</summary>
internal sealed class Plan
{
    /// <summary>Stands in for the exempt and break-glass accounts while logins are tried.</summary>
    public required string KeyAloneProbe { get; init; }

    public required FileChange Policy { get; init; }

    public required FileChange Include { get; init; }

    public required FileChange? Config { get; init; }

    public required FileChange DropIn { get; init; }

    public required FileChange Pam { get; init; }

    public required HostConfiguration Configuration { get; init; }

    public required IReadOnlyList<string> Refusals { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>In the order in which they are put in place.</summary>
    public IEnumerable<FileChange> Files =>
        ((FileChange?[])[Policy, Include, Config, DropIn, Pam]).OfType<FileChange>();

    /// <exception cref="SetupRefused">The files that are there are none that setup understands.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static Plan Make(SetupChoices choices, bool provedByProbe)
    {
        string probe = ProbeAccount.NewName();
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
        PamLayout layout = PamLayout.Of(pam.Text);
        string configText = SshdFiles.Config(config.Text);
        BreakGlassProof glass = BreakGlassProof.Of(configuration.BreakGlass, provedByProbe);
        List<string> keyAlone = [.. configuration.BreakGlass is Exemption g ? [g.Name] : (string[])[], .. configuration.Exemptions.Keys];
        HostFile include = Existing(PamLayout.IncludePath, 0x1A4);
        string dropInText = keyAlone.Count == 0 ? "" : SshdFiles.DropIn(choices, keyAlone, glass.KeysMove);
        string staged = keyAlone.Count == 0 ? "" : SshdFiles.DropIn(choices, [.. keyAlone, probe], glass.KeysMove);
        return new Plan
        {
            KeyAloneProbe = probe,
            Policy = new(policy, policy.With(PolicyText.WithProbe(policyText, probe)), policy.With(policyText)),
            Include = new(include, include.With(layout.Include(gate: false)), include.With(layout.Include(gate: true))),
            Config = configText == config.Text ? null : new(config, config.With(configText), config.With(configText)),
            DropIn = new(dropIn, dropIn.With(staged), dropIn.With(dropInText)),
            Pam = new(pam, pam.With(layout.Sshd), pam.With(layout.Sshd)),
            Configuration = configuration,
            Refusals = [.. glass.Problems, .. HostProblems(configuration, choices, homeFilesLeft)],
            Notes = NotesOn(configText != config.Text, homeFilesLeft),
        };
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

    private static IEnumerable<string> HostProblems(HostConfiguration configuration, SetupChoices choices, bool homeFilesLeft)
    {
        if (homeFilesLeft && Sshd.HasSystemd
            && !File.Exists("/etc/systemd/system/sallyport-agent.service.d/home-files.conf"))
        {
            yield return "there are ~/.google_authenticator files, which the agent does not see as it is: "
                + "docs/how-to/from-google-authenticator.md has the order in which nobody is locked out";
        }

        foreach (string group in configuration.Policy!.AskGroups.Where(g => Tool.Run("getent", "group", g).ExitCode != 0))
        {
            yield return $"there is no group {group}: nobody would be asked";
        }

        foreach (string name in configuration.Exemptions.Keys.Where(name => Pwd.ByName(name) is null))
        {
            yield return $"there is no account {name} to be exempt";
        }

        // Under a Match line it wins over the drop-in for whom it names: by less than two steps, or by one that he has not got.
        foreach (SshdLine line in SshdFile.Read(SshdFiles.ConfigPath).Lines.Where(line =>
            line.Under.Count > 0 && line.File != SshdFiles.DropInPath && WinsOverSetup(line)))
        {
            yield return $"{line.Where}: '{line.Keyword} {line.Value}' stands under a Match line, so it would hold there and not what "
                + "setup writes: take it out. Who needs his key alone: --exempt=NAME:UNTIL:REASON";
        }

        if (!LoginAccounts(configuration.BreakGlass?.Name).Any())
        {
            yield return "root by its key, and the break-glass account, are the only ways in: "
                + "make an account with a key for an administrator (sallyport user add NAME --key=KEY)";
        }

        if (choices.RootOwnedKeys && LoginAccounts(null)
            .FirstOrDefault(a => !File.Exists($"/etc/ssh/authorized_keys.d/{a.Name}")) is Account without)
        {
            yield return $"--root-owned-keys: {without.Name} has no file in /etc/ssh/authorized_keys.d and would be locked out";
        }
    }

    private static bool WinsOverSetup(SshdLine line) => line.Keyword switch
    {
        "authenticationmethods" => line.Value != "publickey,keyboard-interactive",
        "kbdinteractiveauthentication" or "challengeresponseauthentication" or "pubkeyauthentication" =>
            !line.Value.Equals("yes", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>Who has a key of his own, but for root and the break-glass account.</summary>
    private static IEnumerable<Account> LoginAccounts(string? breakGlass) => Pwd.All().Where(account =>
        account.Uid != 0 && account.Name != breakGlass
        && (new FileInfo($"{account.Home}/.ssh/authorized_keys") is { Exists: true, Length: > 0 }
            || new FileInfo($"/etc/ssh/authorized_keys.d/{account.Name}") is { Exists: true, Length: > 0 }));

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

        if (Sshd.Effective("root")["permitrootlogin"].FirstOrDefault() is "prohibit-password" or "without-password")
        {
            notes.Add("root may log in by its key alone only (PermitRootLogin prohibit-password), so it cannot finish the "
                + "two steps: log in as yourself and use sudo");
        }

        return notes;
    }
}
