using System.Globalization;
using System.Net;
using System.Text;

namespace Sallyport.Host.Configuration;

/// <summary>What each section says; what is not named here is an unknown key.</summary>
internal sealed partial record HostConfiguration
{
    private const int MostMinutes = 720;

    private HostConfiguration With(Section section) => section.Kind switch
    {
        "totp" => this with { Secret = PathIn(section, "secret", "/~$"), HomeFiles = YesOrNo(section, "home_files", true) },
        "agent" => this with { StateDirectory = PathIn(section, "state_directory", "/") ?? StateDirectory },
        "policy" => this with { Policy = PolicyIn(section) },
        "hop" => this with { Hop = HopIn(section) },
        "duo" => this with { Duo = DuoIn(section) },
        "exempt" => WithExemption(section),
        "break_glass" => WithBreakGlass(section),
        _ => throw new ConfigurationException(section.Path, section.Line, $"unknown section [{section.Title}]"),
    };

    private static string? PathIn(Section section, string key, string first)
    {
        string? value = section.Find(key);
        return value is null || (value.Length > 0 && first.Contains(value[0], StringComparison.Ordinal))
            ? value
            : throw section.Bad(key, "not an absolute path");
    }

    private static bool YesOrNo(Section section, string key, bool otherwise) => section.Find(key) switch
    {
        null => otherwise,
        "yes" => true,
        "no" => false,
        _ => throw section.Bad(key, "yes or no"),
    };

    private static Policy PolicyIn(Section section)
    {
        string[] ask = Words(section.Find("ask") ?? "all");
        if (ask.Length == 0)
        {
            throw section.Bad("ask", "all, or names of groups");
        }

        (Enrolment enrolment, DateOnly? until) = EnrolmentIn(section);
        bool letIn = section.Find("after_enrolment") switch
        {
            null or "again" => false,
            "allow" => true,
            _ => throw section.Bad("after_enrolment", "again or allow"),
        };
        return new Policy(ask is ["all"] ? [] : [.. ask.Select(OneByte)], enrolment, until, letIn);
    }

    private static (Enrolment, DateOnly?) EnrolmentIn(Section section)
    {
        string[] words = Words(section.Find("enrolment") ?? "invited");
        Enrolment? enrolment = words is [string first, ..] ? first switch
        {
            "allow" => Enrolment.Allow,
            "required" => Enrolment.Required,
            "invited" => Enrolment.Invited,
            "deny" => Enrolment.Deny,
            _ => null,
        }
        : null;
        DateOnly? until = words is [_, "until", string date] ? Date(date) : null;
        bool complete = enrolment is Enrolment.Deny ? words.Length == 1
            : words.Length == 3 ? until is not null
            : words.Length == 1 && enrolment is not Enrolment.Allow;
        return enrolment is Enrolment known && complete
            ? (known, until)
            : throw section.Bad("enrolment", "allow until DATE, required, invited (each may have until YYYY-MM-DD), or deny");
    }

    private static Hop HopIn(Section section)
    {
        List<IPAddress> from = [];
        foreach (string word in Words(section.Get("from")))
        {
            // Written back it is the same word: 010.0.0.5 is octal to some, 10.5 short for another address.
            from.Add(IPAddress.TryParse(word, out IPAddress? address) && Plain(address) is IPAddress plain
                && plain.ToString().Equals(word, StringComparison.OrdinalIgnoreCase) && !plain.IsIPv6LinkLocal
                && !plain.Equals(IPAddress.Any) && !plain.Equals(IPAddress.IPv6Any)
                ? plain
                : throw section.Bad("from", "numeric addresses in their usual form, with blanks between"));
        }

        int? minutes = Words(section.Get("ask")) switch
        {
            ["always"] => 0,
            ["never"] => null,
            ["within", string number] when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
                && n is >= 1 and <= MostMinutes => n,
            _ => throw section.Bad("ask", $"always, never, or within MINUTES (1 to {MostMinutes})"),
        };
        return from.Count > 0 ? new Hop(from, minutes) : throw section.Bad("from", "no address");
    }

    /// <summary>An IPv4 address may come as mapped to IPv6 from a socket that takes both.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private HostConfiguration WithExemption(Section section)
    {
        Exemption exemption = ExemptionIn(section);
        return exemption.Name == BreakGlass?.Name
            ? throw new ConfigurationException(section.Path, section.Line, "this account is the break-glass account")
            : this with
            {
                Exemptions = new Dictionary<string, Exemption>(Exemptions) { [exemption.Name] = exemption },
            };
    }

    private HostConfiguration WithBreakGlass(Section section)
    {
        Exemption exemption = ExemptionIn(section);
        string? problem = BreakGlass is not null ? "there is another break-glass account"
            : Exemptions.ContainsKey(exemption.Name) ? "this account is exempt"
            : null;
        return problem is null
            ? this with { BreakGlass = exemption }
            : throw new ConfigurationException(section.Path, section.Line, problem);
    }

    private static Exemption ExemptionIn(Section section)
    {
        if (section.Name == "root" || section.Name.Any(c => c is ' ' or '/' || char.IsControl(c)))
        {
            throw new ConfigurationException(section.Path, section.Line, section.Name == "root"
                ? "root cannot be exempt"
                : $"'{section.Name}' is no account's name");
        }

        string reason = section.Get("reason");
        string until = section.Get("until");
        return reason.Length == 0 ? throw section.Bad("reason", "some words")
            : Date(until) is DateOnly date ? new Exemption(OneByte(section.Name), OneByte(reason), date)
            : throw section.Bad("until", "a date: YYYY-MM-DD");
    }

    /// <summary>As names come from PAM and the name service: one char a byte.</summary>
    private static string OneByte(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static DateOnly? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date)
            ? date
            : null;

    private static string[] Words(string text) => text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
}
