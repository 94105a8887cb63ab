using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>Real logins over loopback: the only proof that the next one from outside will do what it should.</summary>
internal sealed class Probes(ProbeAccount enrolled, ProbeAccount newcomer, ProbeAccount keyAlone) : IDisposable
{
    private const string Said = "sallyport-probe-is-in";

    // The terminal shows what is typed: only a shell makes the word of it that is looked for.
    private const string Typed = "echo sallyport-probe-'is'-in";

    /// <summary>Makes the accounts; their names have to be in the journal by now.</summary>
    public static Probes Make(IReadOnlyList<string> names, Policy policy)
    {
        ProbeAccount Account(int number, bool isEnrolled) => ProbeAccount.Make(names[number], isEnrolled, policy.AskGroups);
        return new Probes(Account(0, true), Account(1, false), ProbeAccount.Make(names[2], enrolled: false, []));
    }

    /// <summary>Null: all is as it should be. Else what is not, for the administrator.</summary>
    /// <param name="breakGlass">An account that the key of the third probe opens too; null: none.</param>
    public string? Problem(ProbePlace place, Policy policy, string? breakGlass = null)
    {
        bool letIn = !place.AsksByCommand && policy.EnrolmentAt(TimeProvider.System.GetUtcNow()) is Enrolment.Allow;
        // Refusals last: newer sshds shut a source out for some seconds after a few of them (PerSourcePenalties).
        (string Who, string Key, string? Answer, bool Wanted, string What)[] logins =
        [
            (breakGlass ?? keyAlone.Name, keyAlone.Key, null, true,
                breakGlass is null ? "an account that needs its key alone was not let in" : $"the break-glass account {breakGlass} was not let in"),
            (keyAlone.Name, keyAlone.Key, null, true, "an account that needs its key alone (break-glass, exempt) was not let in"),
            (enrolled.Name, enrolled.Key, enrolled.Passcode(0), true, "key and the right passcode were not let in"),
            (enrolled.Name, enrolled.Key, null, false, "an enrolled account was let in by its key alone"),
            (enrolled.Name, enrolled.Key, enrolled.WrongPasscode(), false, "a wrong passcode was let in"),
            (newcomer.Name, newcomer.Key, "000000", letIn, letIn ? "who has no factor was not let in" : "who has no factor was let in"),
        ];
        foreach ((string who, string key, string? answer, bool wanted, string what) in logins)
        {
            if (Wrong(Login(who, key, answer, place), wanted) is string said)
            {
                return $"{what}{said}";
            }
        }

        return place.AsksByCommand && Forward(enrolled, place).Output.Contains("SSH-", StringComparison.Ordinal)
            ? "an enrolled account forwards connections before it is asked" : null;
    }

    /// <summary>The day that the break-glass account is for. Null: it was let in.</summary>
    public string? ProblemWithoutAgent(ProbePlace place, string breakGlass) =>
        Wrong(Login(breakGlass, keyAlone.Key, null, place), wanted: true) is string said
            ? $"the break-glass account {breakGlass} was not let in, as it must be without the agent{said}" : null;

    public void Dispose()
    {
        enrolled.Dispose();
        newcomer.Dispose();
        keyAlone.Dispose();
    }

    /// <summary>Null: it is as wanted. Else what ssh said.</summary>
    private static string? Wrong(Ran login, bool wanted)
    {
        if ((login.ExitCode == 0 && login.Output.Contains(Said, StringComparison.Ordinal)) == wanted)
        {
            return null;
        }

        string said = string.Join("; ", $"{login.Output}\n{login.Errors}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return $"{(wanted && login.ExitCode != 255 ? ", for its shell ran no command" : "")}; ssh said: {(said.Length > 0 ? said : "nothing")}";
    }

    /// <param name="answer">To each prompt; null: nobody is there to answer one.</param>
    private static Ran Login(string who, string key, string? answer, ProbePlace place)
    {
        string[] ssh = [.. Ssh(who, key, place), "-o", $"BatchMode={(answer is null || place.AsksByCommand ? "yes" : "no")}"];
        if (place.AsksByCommand && answer is not null)
        {
            return Tool.Typing($"{answer}\n{Typed}; exit\n", [.. ssh, "-tt", place.Address]);
        }

        AskPass.Install();
        return Tool.Run(
            new Dictionary<string, string>
            {
                ["SSH_ASKPASS"] = AskPass.Path,
                ["SSH_ASKPASS_REQUIRE"] = "force",
                [AskPass.Variable] = answer ?? "",
            },
            [.. ssh, place.Address, $"echo {Said}"]);
    }

    /// <summary>A connection through this one, with the key alone, to that sshd itself.</summary>
    private static Ran Forward(ProbeAccount probe, ProbePlace place) => Tool.Run(
        [.. Ssh(probe.Name, probe.Key, place), "-o", "BatchMode=yes", "-W", $"[{place.Address}]:{place.Port}", place.Address]);

    private static string[] Ssh(string who, string key, ProbePlace place) =>
    [
        .. place.Network is int process ? (string[])["nsenter", $"--net=/proc/{process}/ns/net"] : [],
        "ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
        "-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=20", "-p", $"{place.Port}", "-l", who,
    ];
}

/// <summary>The sshd that is tried.</summary>
/// <param name="AsksByCommand">By sallyport-login, at a terminal; else sshd asks.</param>
/// <param name="Network">A process in whose network it is; null: in the host's own.</param>
internal sealed record ProbePlace(string Address, int Port, bool AsksByCommand, int? Network = null);
