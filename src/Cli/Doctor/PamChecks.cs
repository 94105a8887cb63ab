using Sallyport.Cli.Pam;
using Sallyport.Cli.Setup;
using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Doctor;

/// <summary>sshd's PAM lines, and those of others that our module does not belong into.</summary>
internal sealed class PamChecks(Findings findings, PamFacts pam, HostConfiguration? configuration)
{
    private const int WritableByOthers = 0x12; // 0022

    private string File => PamStack.Find(pam.Service) ?? "/etc/pam.d/other";

    /// <param name="people">Who comes through these lines.</param>
    /// <param name="asks">Somebody is asked by the auth lines; else the session line is all that there is to say about.</param>
    public void Check(IReadOnlyCollection<Person> people, bool asks)
    {
        foreach (string missing in pam.Stack.Missing)
        {
            findings.Error(FindingId.PamIncludeMissing, $"{missing} is included and not there",
                "libpam then refuses every login of this service", "restore the file, or remove the line", missing.Split(": ")[0]);
        }

        PamLine[] ours = [.. pam.Auth.Where(line => line.Name == PamAnswers.OurModule)];
        if (ours.Length == 0 && asks)
        {
            findings.Error(FindingId.PamMissing, $"no auth line of the service {pam.Service} names pam_sallyport.so",
                "sshd asks PAM, and PAM asks nobody for a code", $"add 'auth required pam_sallyport.so' to {File}", File);
            return;
        }

        if (asks)
        {
            CheckAround(ours);
            CheckPassword(people);
        }

        CheckModules();
        if (asks && pam.Auth.FirstOrDefault(line => line.Name == "pam_google_authenticator") is PamLine google)
        {
            findings.Warning(FindingId.PamGoogleBeside, "pam_google_authenticator.so stands beside pam_sallyport.so",
                "both ask, and both take the code out of the same file: the second one refuses it as used",
                "remove the line of pam_google_authenticator.so", google.Where);
        }

        CheckGate();
        CheckBreakGlass();
        CheckElsewhere();
    }

    private void CheckAround(PamLine[] ours)
    {
        if (pam.Around is { } path)
        {
            bool asked = path.Any(step => step.Line.Name == PamAnswers.OurModule);
            PamLine line = asked ? ours[0] : path.Last(step => step.Line.Name != PamLine.Substack).Line;
            if (asked)
            {
                findings.Error(FindingId.PamControlWeak, $"'{line.Control.Text}' does not make a wrong code a refusal",
                    $"{Steps(path)}: the login goes on without a valid code",
                    "make the line 'auth required pam_sallyport.so'", line.Where);
            }
            else
            {
                findings.Error(FindingId.PamJumpedOver, $"{line.Module} ({line.Control.Text}) leads past pam_sallyport.so",
                    $"{Steps(path)}: whoever that module lets in is never asked for a code",
                    "move 'auth required pam_sallyport.so' in front of it; exempt accounts in sallyport.conf", line.Where);
            }
        }

        if (!pam.LetsIn)
        {
            PamLine deny = pam.Auth.FirstOrDefault(line => line.Name == "pam_deny") ?? ours[0];
            findings.Error(FindingId.PamNobody, "no answer of the modules ends with success: nobody gets in",
                "a module that always refuses stands in the way, or no line says yes",
                "sallyport setup plan, or compare with docs/reference/pam-layouts.md", deny.Where);
        }

        PamLine? nullOk = ours.FirstOrDefault(line => line.Arguments.Contains("nullok"));
        if (nullOk is not null && configuration?.Policy is not null)
        {
            findings.Note(FindingId.PamNullOkDead, "nullok does nothing: [policy] decides",
                "whoever reads the line believes that people without a factor get in", "remove nullok", nullOk.Where);
        }
        else if (nullOk is not null && pam.AroundUnenrolled is not null)
        {
            findings.Error(FindingId.PamNullOk, "nullok lets in, unasked, whoever has no factor",
                "without an end: an account that nobody enrolled, or whose file is gone, is open to its key alone",
                "add [policy] with 'enrolment = allow until DATE' to sallyport.conf, and remove nullok", nullOk.Where);
        }
    }

    private void CheckModules()
    {
        foreach (PamLine line in pam.Auth.Concat(pam.Stack.Of(PamType.Session)).Where(l => l.Name == PamAnswers.OurModule))
        {
            string? path = line.Module.StartsWith('/') ? line.Module : PamModules.Find(line.Module);
            string? problem = path is null || !System.IO.File.Exists(path) ? $"{line.Module} is not where PAM looks for modules"
                : !FileFacts.TryRead(path, out FileFacts facts, follow: true) || facts.Uid != 0 || (facts.Mode & WritableByOthers) != 0
                    ? $"{path} is not root's alone"
                : !PamModules.IsLibrary(path) ? $"{path} is no library of this machine"
                : null;
            if (problem is not null)
            {
                findings.Error(FindingId.PamModuleFile, problem,
                    "a module that cannot be loaded refuses everybody; one that others can write lets in whom they like",
                    "./dev install, or reinstall the package", line.Where);
            }
        }
    }

    private void CheckPassword(IReadOnlyCollection<Person> people)
    {
        if (!pam.NeedsPassword || !pam.LetsIn)
        {
            return;
        }

        Person[] locked = [.. people.Where(person => !person.IsRoot && Shadow.HasNoPassword(person.Name))];
        PamLine? asks = pam.Auth.FirstOrDefault(line => line.Name is "pam_unix" or "pam_sss");
        if (locked.Length > 0)
        {
            findings.Error(FindingId.PamPassword,
                $"PAM asks for a password too, and these have none: {People.List(locked)}",
                "with key and code they still fail at the password: they do not get in",
                $"take the password modules out of the auth lines of {File} (comment out '@include common-auth')",
                asks?.Where ?? File);
        }
    }

    private void CheckGate()
    {
        string[] names =
        [
            .. configuration?.Exemptions.Keys ?? [],
            .. configuration?.BreakGlass is Exemption last ? (string[])[last.Name] : [],
        ];
        if (names.Length > 0 && !pam.IsGated)
        {
            findings.Warning(FindingId.SessionGateMissing,
                $"accounts are exempt ({string.Join(", ", names.Take(3))}), and no session line asks whether they still are",
                "sshd lets their key alone through for ever: that an exemption ends, and that each use is logged, is the "
                    + "session line's work",
                $"add 'session required pam_sallyport.so' to {File}", File);
        }
    }

    /// <summary>Where the agent gives no verdict, PAM's line alone says who gets in: it has to say what sallyport.conf says.</summary>
    private void CheckBreakGlass()
    {
        string? wanted = configuration?.BreakGlass is Exemption glass ? BreakGlassArgument.Of(glass) : null;
        foreach (PamLine gate in pam.Stack.Of(PamType.Session).Where(line => line.Name == PamAnswers.OurModule))
        {
            string[] said = [.. gate.Arguments.Where(a => a.StartsWith(BreakGlassArgument.Prefix, StringComparison.Ordinal))];
            if (configuration is null || (wanted is null ? said.Length == 0 : said.Length == 1 && said[0] == wanted))
            {
                continue;
            }

            string what = $"the session line says {(said.Length == 0 ? "nothing of break-glass" : string.Join(' ', said))}, "
                + $"and sallyport.conf {(wanted is null ? "has no such account" : $"wants {wanted}")}";
            const string Why = "on the day when the agent does not answer, the line alone decides: it keeps the account out, or lets "
                + "in one that sallyport.conf does not";
            string mend = wanted is null ? "take the argument out of the line" : $"sallyport setup, or make it: session required pam_sallyport.so {wanted}";
            if (said.Length > 0 || gate.File == PamLayout.IncludePath)
            {
                findings.Error(FindingId.BreakGlassLine, what, Why, mend, gate.Where);
            }
            else
            {
                findings.Warning(FindingId.BreakGlassLine, what, Why, mend, gate.Where);
            }
        }
    }

    /// <summary>Nobody came through sshd there, so the gate refuses all.</summary>
    private void CheckElsewhere()
    {
        foreach (string path in Directory.EnumerateFiles("/etc/pam.d").Order(StringComparer.Ordinal))
        {
            string service = Path.GetFileName(path);
            if (service == pam.Service || service.StartsWith("sallyport", StringComparison.Ordinal))
            {
                continue;
            }

            PamLine? line = PamStack.Read(service).Of(PamType.Session).FirstOrDefault(l => l.Name == PamAnswers.OurModule);
            if (line is not null && line.File == path)
            {
                findings.Warning(FindingId.SessionGateElsewhere, $"the session line of pam_sallyport.so stands in {path}",
                    "it knows who came past sshd's auth lines; everybody else (cron, su, the console) it refuses",
                    $"move it to {File}", line.Where);
            }
        }
    }

    private static string Steps(IReadOnlyList<PamStep> path) => string.Join(", ",
        path.Where(step => step.Line.Name != PamLine.Substack).Select(step => $"{step.Line.Name} says {step.Code}"));
}
