using System.Globalization;
using Sallyport.Cli.Sshd;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>What sallyport.conf says of people and dates, held against this host and today.</summary>
internal sealed class PolicyChecks(Findings findings, string path, HostConfiguration configuration, TimeProvider time)
{
    private const int SoonDays = 14;

    // Whoever has its key has to be found first, and nothing fails that would show it.
    private const int BreakGlassSoonDays = 30;

    private DateTimeOffset Now => time.GetUtcNow();

    /// <param name="people">All who can log in; null where only some were looked at.</param>
    public void Check(SshdProgram? sshd, IReadOnlyList<Person>? people)
    {
        if (configuration.Policy is Policy policy)
        {
            CheckGroups(policy, people);
            CheckEnrolment(policy);
        }

        foreach (Exemption exemption in configuration.Exemptions.Values)
        {
            CheckExemption(exemption, "exempt", SoonDays);
        }

        if (configuration.BreakGlass is Exemption last)
        {
            CheckExemption(last, "break_glass", BreakGlassSoonDays);
            CheckBreakGlass(last.Name, sshd);
        }
        else
        {
            const string What = "there is no break-glass account";
            const string Why = "on the day when the agent, the clock or every phone fails, nobody gets in but at the console";
            const string Mend = "sallyport setup --break-glass=NAME:UNTIL:REASON";
            if (configuration.Policy is null)
            {
                findings.Note(FindingId.BreakGlassMissing, What, Why, Mend, path);
            }
            else
            {
                findings.Warning(FindingId.BreakGlassMissing, What, Why, Mend, path);
            }
        }
    }

    private void CheckGroups(Policy policy, IReadOnlyList<Person>? people)
    {
        string where = Where("[policy]", "ask");
        foreach (string group in policy.AskGroups)
        {
            if (Pwd.GroupByName(group) is null)
            {
                findings.Error(FindingId.AskGroupMissing, $"there is no group '{group}', whose members are to be asked",
                    "nobody knows who was meant, so everybody is refused", $"groupadd {group}, or mend 'ask'", where);
            }
            else if (people?.Any(person => person.Groups.Contains(group)) is false)
            {
                CheckEmpty(group, people.Any(person => policy.AskGroups.Any(person.Groups.Contains)), where);
            }
        }
    }

    /// <summary>One of several may wait for its people; where none has any, the second factor is off for everybody.</summary>
    private void CheckEmpty(string group, bool othersAreAsked, string where)
    {
        string what = $"nobody who can log in is in the group '{group}', whose members are to be asked";
        string mend = $"usermod -aG {group} NAME";
        if (othersAreAsked)
        {
            findings.Warning(FindingId.AskGroupEmpty, what,
                "for this group nobody is asked: its name may be another's, or its people not in it yet", mend, where);
        }
        else
        {
            findings.Error(FindingId.AskGroupEmpty, what, "so nobody is asked at all: a key is enough for everybody", mend, where);
        }
    }

    private void CheckEnrolment(Policy policy)
    {
        if (policy.EnrolmentAt(Now) is Enrolment.Allow)
        {
            findings.Note(FindingId.EnrolmentAllow, $"until {Date(policy.Until!.Value)} who has no factor is let in without",
                "an account that nobody enrols is open to its key alone until then", "enrolment = required",
                Where("[policy]", "enrolment"));
        }
    }

    private void CheckExemption(Exemption exemption, string kind, int soonDays)
    {
        string where = Where($"[{kind} {exemption.Name}]", null);
        int days = exemption.Until.DayNumber - DateOnly.FromDateTime(Now.UtcDateTime).DayNumber;
        if (Pwd.ByName(exemption.Name) is null)
        {
            findings.Warning(FindingId.ExemptUnknown, $"there is no account '{exemption.Name}'",
                "a typing mistake exempts nobody, or whoever gets that name later", "remove the section, or mend the name", where);
        }

        if (!exemption.Holds(Now))
        {
            findings.Warning(FindingId.ExemptPast, $"{exemption.Name} is exempt until {Date(exemption.Until)}, which is past",
                "its key alone gets it in no more: where sshd asks it for nothing else (Match User) it is refused, elsewhere asked",
                "remove the section, or give it a new end", where);
        }
        else if (days <= soonDays)
        {
            findings.Warning(FindingId.ExemptEnding,
                $"{exemption.Name} is exempt for {days} more days, until {Date(exemption.Until)}",
                "from then on its key alone is refused", $"sallyport setup --{kind.Replace('_', '-')}={exemption.Name}:UNTIL:REASON, with a later date", where);
        }
        else
        {
            findings.Note(FindingId.Exempt, $"{exemption.Name} is not asked until {Date(exemption.Until)}: {exemption.Reason}",
                "its key is all that it needs", "nothing, while the reason holds", where);
        }
    }

    private void CheckBreakGlass(string name, SshdProgram? sshd)
    {
        string where = Where($"[break_glass {name}]", null);
        if (Pwd.ByName(name) is not Account account)
        {
            return;
        }

        if (LastLogin.Of(account.Uid) is false)
        {
            findings.Warning(FindingId.BreakGlassUnused, $"the break-glass account {name} has never logged in",
                "a way out that nobody has tried may be none", $"ssh {name}@HOST, from where you would do it that day", where);
        }

        string[] files = sshd is null ? [] : [.. AuthorizedKeys.Files(sshd.Evaluate(SshdConnection.Of(name)), account)];
        if (sshd is not null && !files.Any(AuthorizedKeys.HasFreeKey))
        {
            findings.Warning(FindingId.BreakGlassKeys, $"the break-glass account {name} has no key in {string.Join(", ", files)}",
                "it cannot log in at all", $"install -D -m 0644 KEY.pub {files.FirstOrDefault()}", where);
            return;
        }

        foreach (string open in files.Where(File.Exists).SelectMany(AuthorizedKeys.OpenPlaces))
        {
            findings.Warning(FindingId.BreakGlassKeys, $"the key of the break-glass account {name} can be changed by others: {open}",
                "this account is not asked for a code: whoever writes there logs in as it", $"chmod go-w {open}", open);
        }
    }

    /// <summary>file:line of a section, or of a key in it.</summary>
    private string Where(string section, string? key)
    {
        bool inside = false;
        int number = 0;
        foreach (string raw in File.ReadLines(path))
        {
            number++;
            string line = raw.Trim();
            if (line.StartsWith('['))
            {
                inside = line.Replace(" ", "", StringComparison.Ordinal) == section.Replace(" ", "", StringComparison.Ordinal);
            }

            if (inside && (key is null || line.Split('=')[0].TrimEnd() == key))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{path}:{number}");
            }
        }

        return path;
    }

    private static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
