using System.Globalization;
using System.Text;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;

namespace Sallyport.Cli.Setup;

/// <summary>sallyport.conf with the administrator's choices in it (docs/formats/policy.md).</summary>
internal static class PolicyText
{
    public const string Path = "/etc/sallyport/sallyport.conf";

    /// <exception cref="SetupRefused">The file is wrong, now or with these choices.</exception>
    public static string With(string text, SetupChoices choices, bool homeFilesLeft)
    {
        var ini = new IniText(text);
        HostConfiguration before = Parse(text);
        ini.Set("policy", "ask", choices.Ask ?? (before.Policy is { AskGroups.Count: > 0 } p ? string.Join(' ', p.AskGroups) : "all"));
        if (choices.Enrolment is not null || before.Policy is null)
        {
            ini.Set("policy", "enrolment", choices.Enrolment ?? "invited");
        }

        if (choices.AfterEnrolment is not null)
        {
            ini.Set("policy", "after_enrolment", choices.AfterEnrolment);
        }

        if (!homeFilesLeft)
        {
            ini.Set("totp", "home_files", "no");
        }

        foreach (Exemption exemption in choices.Exempt)
        {
            Set(ini, "exempt", exemption);
        }

        if (choices.BreakGlass is Exemption glass)
        {
            ini.Remove(section => section.StartsWith("break_glass ", StringComparison.Ordinal) && section != $"break_glass {glass.Name}");
            Set(ini, "break_glass", glass);
        }

        if (choices.HopFrom is not null)
        {
            ini.Set("hop", "from", choices.HopFrom);
            ini.Set("hop", "ask", Hop(choices.Hop ?? "always"));
        }

        _ = Parse(ini.ToString());
        return ini.ToString();
    }

    /// <summary>
    /// The same while logins are tried: one account is exempt, and none of them is the server's to ask, which does not know
    /// them, and may be away.
    /// </summary>
    public static string WithProbes(string text, IReadOnlyList<string> probes, string exempt)
    {
        var ini = new IniText(text);
        Set(ini, "exempt", new Exemption(exempt, "sallyport setup tries a login", new DateOnly(9999, 12, 31)));
        if (Parse(text).Duo is DuoSettings duo)
        {
            IReadOnlyList<string> groups = duo.Groups.Count > 0 ? duo.Groups : ["*"];
            string but = string.Concat(probes.Select(probe => $",!{probe}")); // each has a group of its own name
            ini.Set("duo", "groups", string.Join(' ', groups.Select(word => word.Replace(" ", "\\ ", StringComparison.Ordinal) + but)));
        }

        return ini.ToString();
    }

    /// <exception cref="SetupRefused">It is not as docs/formats/policy.md has it.</exception>
    public static HostConfiguration Parse(string text)
    {
        try
        {
            return HostConfiguration.Parse(Path, text);
        }
        catch (ConfigurationException wrong)
        {
            throw new SetupRefused(wrong.Message);
        }
    }

    private static string Hop(string value) => value.StartsWith("within:", StringComparison.Ordinal) ? $"within {value[7..]}" : value;

    private static void Set(IniText ini, string kind, Exemption exemption)
    {
        // The file's text is held byte by byte.
        string reason = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(exemption.Reason));
        ini.Set($"{kind} {exemption.Name}", "reason", reason);
        ini.Set($"{kind} {exemption.Name}", "until", exemption.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
