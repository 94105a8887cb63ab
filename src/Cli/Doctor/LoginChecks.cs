using Sallyport.Cli.Setup;
using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Doctor;

/// <summary>For everybody, from everywhere: whether each way through sshd comes past the second factor.</summary>
internal sealed class LoginChecks(
    Findings findings, SshdProgram sshd, SshdFile file, PamFacts pam, bool isRootAlone)
{
    private const string Restart = "sshd -t && systemctl reload sshd";

    private bool _byCommand;
    private bool _otherwise;

    /// <summary>Nobody who is asked is asked by PAM's auth lines: sshd runs sallyport-login for all of them.</summary>
    public bool AllByCommand => _byCommand && !_otherwise;

    /// <summary>Whether one of the ways goes through PAM's auth lines.</summary>
    public bool Check(Login login)
    {
        EffectiveConfiguration effective = login.Sshd;
        bool usesPam = effective.Is("usepam", "yes");
        if (!usesPam)
        {
            findings.Error(FindingId.UsePamNo, $"UsePAM is no for {login.Who}",
                "sshd then never runs PAM: nobody is asked for a code, and no session is refused",
                $"set 'UsePAM yes' there; {Restart}", Where(login, "usepam"));
        }

        // auth.c, auth_root_allowed: with prohibit-password root may use none of the methods that go through PAM.
        IReadOnlyList<IReadOnlyList<string>> all = effective.Ways();
        IReadOnlyList<IReadOnlyList<string>> ways = login.IsRoot && !effective.Is("permitrootlogin", "yes")
            ? [.. all.Where(way => !way.Any(IsOfPam))]
            : all;
        if (ways.Count == 0 && all.Count > 0)
        {
            RootCannotFinish(login);
        }
        else if (effective.Is("kbdinteractiveauthentication", "no") && login.Asked && !AskedByLogin.IsCommandOf(login.Sshd)
            && !ways.Any(way => way.Any(IsOfPam)))
        {
            KeyboardInteractiveOff(login, ways.Count == 0);
        }
        else if (ways.Count == 0)
        {
            findings.Error(FindingId.NoWayIn, $"no way of AuthenticationMethods is open to {login.Who}",
                "each way names a method that is switched off, and sshd then refuses everybody",
                $"set 'AuthenticationMethods publickey,keyboard-interactive' and 'PubkeyAuthentication yes'; {Restart}",
                Where(login, "authenticationmethods"));
        }

        _byCommand |= login.Asked && AskedByLogin.IsCommandOf(login.Sshd);
        _otherwise |= login.Asked && !AskedByLogin.IsCommandOf(login.Sshd);
        foreach (IReadOnlyList<string> way in ways)
        {
            CheckWay(login, way, usesPam);
        }

        return usesPam && ways.Any(way => way.Any(IsOfPam));
    }

    private void CheckWay(Login login, IReadOnlyList<string> way, bool usesPam)
    {
        string shown = string.Join(',', way);
        bool throughPam = usesPam && way.Any(IsOfPam);
        if (way.Contains("password") && !usesPam && !way.Contains("keyboard-interactive"))
        {
            findings.Error(FindingId.PasswordWithoutModule, $"'{shown}' lets in {login.Who} by a password that PAM does not see",
                "without UsePAM sshd checks the password itself, and asks for no code",
                $"set 'PasswordAuthentication no' and 'UsePAM yes'; {Restart}",
                Where(login, "passwordauthentication", "usepam"));
        }
        else if (!throughPam && login.Asked)
        {
            KeyAlone(login, way, shown, usesPam && pam.IsGated);
        }

        if (throughPam && login.Asked && way.All(IsOfPam)
            && pam.Asks && !pam.NeedsPassword)
        {
            findings.Error(FindingId.CodeAlone, $"'{shown}' lets in {login.Who} by a code alone",
                "a code is the second factor: whoever sees one on a phone needs no key",
                $"set 'AuthenticationMethods publickey,keyboard-interactive'; {Restart}",
                Where(login, "authenticationmethods"));
        }
    }

    private void KeyAlone(Login login, IReadOnlyList<string> way, string shown, bool gated)
    {
        string where = Where(login, "authenticationmethods");
        bool left = login.People.Any(person => pam.LeavesToCommand(person.Name));
        if (AskedByLogin.IsCommandOf(login.Sshd))
        {
            if (gated && !login.People.All(person => pam.LeavesToCommand(person.Name)))
            {
                findings.Warning(FindingId.KeyAloneRefused, $"sallyport-login would ask {login.Who}, and no session is opened for it",
                    "the session line does not say that it asks them, and refuses them: nobody of them gets in",
                    "sallyport setup --force-command writes both", Where(login, "forcecommand"));
            }

            return;
        }

        if (gated && !left)
        {
            findings.Warning(FindingId.KeyAloneRefused, $"'{shown}' lets {login.Who} past sshd, and then no session is opened",
                "they are not asked by sshd, so the session line refuses them: nobody of them gets in",
                $"set 'AuthenticationMethods publickey,keyboard-interactive' for them, or exempt them in sallyport.conf; {Restart}",
                where);
            return;
        }

        findings.Error(FindingId.KeyAlone, $"'{shown}' lets in {login.Who} without a code"
            + (login.Blocks.Count > 0 ? $" ({login.Connection.Address}, port {login.Connection.LocalPort})" : ""),
            $"{string.Join(" and ", way)} is enough: PAM's auth lines, and so the second factor, are never run",
            $"set 'AuthenticationMethods publickey,keyboard-interactive' and 'KbdInteractiveAuthentication yes' there; {Restart}",
            where);
    }

    private void KeyboardInteractiveOff(Login login, bool nobody) =>
        findings.Error(FindingId.KeyboardInteractiveOff, $"keyboard-interactive is off for {login.Who}",
            nobody ? "each way of AuthenticationMethods needs it, so sshd refuses them all"
                : "sshd has no other way to ask for a code",
            $"set 'KbdInteractiveAuthentication yes' before any other line that sets it; {Restart}",
            Where(login, "kbdinteractiveauthentication", "challengeresponseauthentication", "skeyauthentication"));

    private void RootCannotFinish(Login login)
    {
        const string Why = "with prohibit-password root may use his key only, and sshd refuses him the second step";
        string what = $"root cannot finish the two steps (PermitRootLogin {login.Sshd["permitrootlogin"]})";
        string mend = "set 'PermitRootLogin no', and log in as somebody else and use sudo; or 'PermitRootLogin yes' beside "
            + $"'AuthenticationMethods publickey,keyboard-interactive'; {Restart}";
        string where = Where(login, "permitrootlogin");
        if (isRootAlone)
        {
            findings.Error(FindingId.RootKeyOnly, $"{what}, and there is nobody else", Why, mend, where);
        }
        else if (AuthorizedKeys.Files(login.Sshd, login.People[0].Account).Any(AuthorizedKeys.HasFreeKey))
        {
            findings.Warning(FindingId.RootKeyOnly, $"{what}, and has a key here", Why, mend, where);
        }
        else
        {
            findings.Note(FindingId.RootKeyOnly, what, Why, mend, where);
        }
    }

    private static bool IsOfPam(string method) => method is "keyboard-interactive" or "password";

    private string Where(Login login, params string[] keywords) =>
        login.WhereIs(file, sshd.ConfigurationFile, keywords);
}
