using Sallyport.Cli.Setup;
using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Doctor;

/// <summary>What else sshd does before, beside and behind the second factor.</summary>
internal sealed class SettingChecks(Findings findings, SshdProgram sshd, SshdFile file)
{
    private const int Prompts = 4; // a key, then three codes
    private const int LeastSeconds = 30; // a phone is looked for, and a code waited for

    public void Check(Login login)
    {
        EffectiveConfiguration effective = login.Sshd;
        bool forced = !effective.Is("forcecommand", "none");
        if (forced && effective.Is("disableforwarding", "no")
            && !(effective.Is("allowtcpforwarding", "no") && effective.Is("allowstreamlocalforwarding", "no")))
        {
            findings.Warning(FindingId.ForceCommandForwarding,
                $"ForceCommand '{effective["forcecommand"]}' with forwarding allowed, for {login.Who}",
                "forwarding begins without the command: who should only run it, or be asked by it, reaches the network behind",
                "set 'DisableForwarding yes' beside ForceCommand", Where(login, "forcecommand"));
        }

        if (AskedByLogin.IsCommandOf(effective)
            && effective.Words("acceptenv").FirstOrDefault(name => !AskedByLogin.IsHarmless(name)) is string name)
        {
            findings.Error(FindingId.AcceptEnv, $"AcceptEnv {name} for {login.Who}, whom sallyport-login asks",
                "sshd has a shell run it, and a shell, or the loader, runs what some variables say first, before anybody is asked",
                "accept harmless ones only: LANG, LC_*, TZ, COLORTERM and their like", Where(login, "acceptenv"));
        }

        if (!effective.Is("permittunnel", "no"))
        {
            findings.Warning(FindingId.PermitTunnel, $"PermitTunnel {effective["permittunnel"]} for {login.Who}",
                "a tunnel device joins two networks, past ForceCommand and any firewall between",
                "set 'PermitTunnel no'", Where(login, "permittunnel"));
        }

        if (!effective.Is("permituserenvironment", "no"))
        {
            findings.Warning(FindingId.UserEnvironment,
                $"PermitUserEnvironment {effective["permituserenvironment"]} for {login.Who}",
                "~/.ssh/environment can preload code into the login and so pass ForceCommand and restricted shells",
                "set 'PermitUserEnvironment no'", Where(login, "permituserenvironment"));
        }

        CheckUserRc(login);
    }

    /// <summary>Settings that no Match line can change.</summary>
    public void CheckForAll(EffectiveConfiguration effective)
    {
        int tries = effective.Number("maxauthtries") ?? Prompts;
        string where = Where(null, "maxauthtries");
        const string Why =
            "each key that the client offers in vain counts, and each wrong code: the connection ends before the right one";
        if (tries == 0)
        {
            findings.Error(FindingId.MaxAuthTries, "MaxAuthTries is 0",
                "sshd ends every connection at the first step: nobody gets in",
                "set 'MaxAuthTries 6'", where);
        }
        else if (tries < Prompts)
        {
            findings.Warning(FindingId.MaxAuthTries, $"MaxAuthTries is {tries}: not enough for a key and three codes", Why,
                "set 'MaxAuthTries 6'", where);
        }

        int seconds = effective.Number("logingracetime") ?? LeastSeconds;
        where = Where(null, "logingracetime");
        if (seconds == 0)
        {
            findings.Warning(FindingId.LoginGraceTime, "LoginGraceTime is 0: no end",
                "who begins a login and never answers keeps a place of MaxStartups for ever; enough of them keep all out",
                "set 'LoginGraceTime 120'", where);
        }
        else if (seconds < LeastSeconds)
        {
            findings.Error(FindingId.LoginGraceTime, $"LoginGraceTime is {seconds} s",
                "nobody takes out a phone, reads a code and types it in that time: sshd ends the connection",
                "set 'LoginGraceTime 120'", where);
        }

        if (effective["persourcepenalties"] is { Length: > 0 } penalties and not "no")
        {
            findings.Note(FindingId.PerSourcePenalties, $"PerSourcePenalties {penalties}",
                "wrong codes count against the address: several people behind one may shut each other out for a while",
                "for an office or a bastion: 'PerSourcePenaltyExemptList ADDRESSES'", Where(null, "persourcepenalties"));
        }
    }

    /// <summary>sshd runs no rc file before a ForceCommand of its own, but before a command= of the key.</summary>
    private void CheckUserRc(Login login)
    {
        if (!login.Sshd.Is("permituserrc", "yes") || !login.Sshd.Is("forcecommand", "none"))
        {
            return;
        }

        Person[] found = [.. login.People.Where(person => File.Exists(RcFile(person)))];
        Person[] kept = [.. found.Where(person => AuthorizedKeys.Files(login.Sshd, person.Account).Any(AuthorizedKeys.HasCommand))];
        if (kept.Length > 0)
        {
            findings.Warning(FindingId.UserRc, $"{RcFile(kept[0])} runs before the command= of its owner's key",
                "a key that is kept to one command runs whatever stands there first", "set 'PermitUserRC no'", RcFile(kept[0]));
        }
        else if (found.Length > 0)
        {
            findings.Note(FindingId.UserRc, $"{found.Length} accounts have an rc file, such as {RcFile(found[0])}",
                "sshd runs it at each login of its owner, behind the second factor", "set 'PermitUserRC no' if nobody needs it",
                RcFile(found[0]));
        }
    }

    private static string RcFile(Person person) => $"{person.Account.Home}/.ssh/rc";

    private string Where(Login? login, params string[] keywords) =>
        login?.WhereIs(file, sshd.ConfigurationFile, keywords)
        ?? file.Lines.FirstOrDefault(line => keywords.Contains(line.Keyword) && line.Under.Count == 0)?.Where
        ?? sshd.ConfigurationFile;
}
