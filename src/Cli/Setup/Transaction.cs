using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>
/// Puts a plan in place. Before each step the journal says what may be found after it, and after each step somebody can
/// log in, the old way or the new one: who is killed anywhere here leaves a host that is taken back (<see cref="Undo"/>).
/// </summary>
internal static class Transaction
{
    /// <summary>Throws, with everything taken back or the way back said, where it could not be done.</summary>
    public static void Apply(Plan plan, TimeSpan patience, Confirmation by, Action<string> tell)
    {
        Journal journal = Begin(plan, patience, by);
        try
        {
            Put(plan, patience, tell);
            string? problem = Probe(plan, journal, tell);
            if (problem is not null)
            {
                throw new IOException(problem);
            }

            // The names of the probes are nobody's by now. The sshd that runs forgets them, and has then read what is there.
            plan.DropIn.After.Put();
            _ = Sshd.Reload();
            plan.Policy.After.Put();
            (journal with
            {
                State = SetupState.Unconfirmed,
                Gate = Processes.SinceBoot,
                Deadline = Processes.SinceBoot + (long)patience.TotalMilliseconds,
                Probes = [],
            }).Write();
        }
#pragma warning disable CA1031 // Whatever it was: the host is taken back, and then it is said.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            string undone;
            try
            {
                undone = Undo.Run(journal);
            }
            catch (IOException stuck)
            {
                throw new IOException($"{failed.Message}\nIt could not be taken back yet: {stuck.Message}. "
                    + "It will be tried again; sallyport setup undo does so at once", failed);
            }

            throw new IOException($"{failed.Message}\n{undone}", failed);
        }
    }

    private static Journal Begin(Plan plan, TimeSpan patience, Confirmation by)
    {
        List<FileChange> files = [.. plan.Files];
        foreach (FileChange file in files)
        {
            HostFile now = HostFile.Read(file.Before.Path);
            if ((now.Hash, now.Content is null ? 0 : now.Mode, now.Uid, now.Gid)
                != (file.Before.Hash, file.Before.Content is null ? 0 : file.Before.Mode, file.Before.Uid, file.Before.Gid))
            {
                throw new SetupRefused($"{now.Path} was changed while you were asked: nothing is changed. Run it again");
            }
        }

        files.ForEach(file => Journal.Keep(file.Before));

        var journal = new Journal
        {
            Previous = Journal.Read(),
            Boot = Processes.Boot,
            Deadline = Processes.SinceBoot + (long)patience.TotalMilliseconds,
            ByFirstLogin = by.FirstLogin,
            FromThisHost = by.FromThisHost,
            Probes = plan.Probes,
            Files =
            [
                .. files.Select(f => new JournalFile(
                    f.Before.Path, f.Before.Hash, f.Before.Mode, f.Before.Uid, f.Before.Gid, [f.Staged.Hash, f.After.Hash])),
            ],
        };
        journal.Write();
        new HostFile(Journal.Witness, [], 0x180).Put();
        return journal;
    }

    /// <summary>
    /// sshd reads its files at the reload, PAM's at each login. So PAM's way in is changed right before the reload, while
    /// the key alone still opens, and the gate that shuts out the key alone comes after it.
    /// </summary>
    private static void Put(Plan plan, TimeSpan patience, Action<string> tell)
    {
        Units.Arm(patience);
        if (plan.AgentNetwork is FileChange network)
        {
            network.After.Put();
            AgentNetwork.Apply();
        }

        Units.StartAgent();
        plan.Policy.Staged.Put();
        plan.Include.Staged.Put();
        plan.Config?.After.Put();
        plan.DropIn.Staged.Put();
        Sshd.Check();
        CheckEffective(plan);
        if (!plan.AskedByCommand)
        {
            plan.Pam.After.Put();
        }

        tell("sshd takes the new files, by a reload: open sessions stay");
        _ = Sshd.Reload();
        if (plan.AskedByCommand)
        {
            plan.Pam.After.Put(); // before, an sshd that still asks PAM would find nothing that asks for the passcode
        }

        plan.Include.After.Put();
    }

    /// <summary>What doctor does not know: who shall need his key alone.</summary>
    /// <exception cref="IOException">Another line of sshd's files wins over ours.</exception>
    private static void CheckEffective(Plan plan)
    {
        HostConfiguration configuration = plan.Configuration;
        foreach (string user in (string[])[.. configuration.Exemptions.Keys, configuration.BreakGlass!.Name, plan.KeyAloneProbe])
        {
            ILookup<string, string> holds = Sshd.Effective(user);
            if (holds["authenticationmethods"].FirstOrDefault() is string methods and not "publickey")
            {
                throw new IOException($"sshd would use AuthenticationMethods {methods} for {user}, not publickey: another "
                    + "line wins. grep -ri that word in /etc/ssh/sshd_config.d and take the line out");
            }
        }

        // An account that is exempt may be given it by a line of somebody's own: it is let in, as long as the agent runs.
        string glass = configuration.BreakGlass!.Name;
        if (Sshd.Effective(glass)["forcecommand"].Contains(AskedByLogin.Program))
        {
            throw new IOException($"sshd would run {AskedByLogin.Program} for {glass}, which is for the day when no agent answers: "
                + "another line says so. grep -ri ForceCommand in /etc/ssh and take the line out");
        }
    }

    private static string? Probe(Plan plan, Journal journal, Action<string> tell)
    {
        Policy policy = plan.Configuration.Policy!;
        tell("real logins over loopback: enrolled, wrong passcode, no factor, by the key alone");
        using var probes = Probes.Make(journal.Probes, policy);
        (string address, int port) = Sshd.Address();
        string? problem = probes.Problem(new ProbePlace(address, port, plan.AskedByCommand), policy);
        foreach (string name in journal.Probes)
        {
            ProbeAccount.Remove(name);
        }

        return problem;
    }
}

/// <summary>What confirms a setup: the first login instead of a command; also a connection from this host itself.</summary>
internal sealed record Confirmation(bool FirstLogin, bool FromThisHost);

/// <summary>How long a setup waits to be confirmed.</summary>
internal static class Deadlines
{
    public static readonly TimeSpan Interactive = TimeSpan.FromMinutes(10);

    /// <summary>setup --yes: somebody has to come and log in first.</summary>
    public static readonly TimeSpan FirstLogin = TimeSpan.FromHours(1);
}
