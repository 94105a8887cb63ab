using System.Globalization;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Configuration;

/// <summary>[duo]: the keys of Duo's own files, but read strictly. What those take in silence is an error here.</summary>
internal sealed partial record HostConfiguration
{
    private const int MostOfflineDays = 90;

    private static DuoSettings DuoIn(Section section)
    {
        foreach (string key in (string[])["noverify", "gecos_parsed", "dev_fips_mode"])
        {
            if (section.Find(key) is not null)
            {
                throw section.Bad(key, key == "noverify"
                    ? "the server's certificate is always verified; cafile names an authority of your own"
                    : "it has no effect; delete the line");
            }
        }

        var settings = new DuoSettings
        {
            IntegrationKey = Key(section, "ikey", c => c != ':'), // it is followed by one in the header that it is sent in
            SecretKey = Key(section, "skey", _ => true),
            Host = Address(section).Host,
            Port = Address(section).Port,
            CaFile = CaFileIn(section),
            Proxy = section.Find("http_proxy") is not string proxy ? null
                : DuoProxy.Parse(OneByte(proxy))
                    ?? throw section.BadSecret("http_proxy", "not [http://][user:password@]host[:port]"),
            Groups = GroupsIn(section),
            FailMode = section.Find("failmode") switch
            {
                null or "secure" => FailMode.Secure,
                "offline" => FailMode.Offline,
                "safe" => FailMode.Safe,
                _ => throw section.Bad("failmode", "secure, offline or safe"),
            },
            PushInfo = Flag(section, "pushinfo"),
            Prompts = Number(section, "prompts", DuoSettings.MostPrompts) ?? DuoSettings.MostPrompts,
            AutoPush = Flag(section, "autopush"),
            VerifiedPush = Flag(section, "verified_push"),
            AcceptEnvFactor = Flag(section, "accept_env_factor"),
            FallbackLocalIp = Flag(section, "fallback_local_ip"),
            SendGecos = Flag(section, "send_gecos"),
            GecosPosition = Number(section, "gecos_username_pos", int.MaxValue),
            Motd = Flag(section, "motd"),
            SuTarget = section.Find("su") switch
            {
                null or "caller" => false,
                "target" => true,
                _ => throw section.Bad("su", "caller or target"),
            },
        };
        settings = settings with
        {
            HttpsTimeout = Number(section, "https_timeout", DuoSettings.LongestTimeout) is int seconds
                ? TimeSpan.FromSeconds(seconds)
                : settings.HttpsTimeout,
            GecosDelimiter = Delimiter(section) ?? settings.GecosDelimiter,
            OfflineDays = Number(section, "offline_days", MostOfflineDays) ?? settings.OfflineDays,
        };
        return settings is { AutoPush: true, VerifiedPush: true }
            ? throw section.Bad("verified_push", "autopush and verified_push cannot both be yes")
            : settings;
    }

    private static string Key(Section section, string key, Func<char, bool> isFit)
    {
        string value = section.Get(key);
        return value.Length > 0 && value.All(c => c is > ' ' and <= '~' && isFit(c))
            ? value
            : throw section.BadSecret(key, "not what a server gives out");
    }

    private static (string Host, int Port) Address(Section section) =>
        DuoAddress.TryParse(section.Get("host"), 443, out string host, out int port)
            ? (host, port)
            : throw section.Bad("host", "name, or name:port");

    private static string? CaFileIn(Section section) => section.Find("cafile") is ""
        ? throw section.Bad("cafile", "without a file nothing would be verified; delete the line for the system's authorities")
        : PathIn(section, "cafile", "/");

    private static IReadOnlyList<string> GroupsIn(Section section)
    {
        (string? groups, string? group) = (section.Find("groups"), section.Find("group"));
        if (groups is not null && group is not null)
        {
            throw section.Bad("group", "groups is set, too");
        }

        if (groups is null && group is null)
        {
            return [];
        }

        IReadOnlyList<string>? words = DuoGroups.Words(OneByte(groups ?? group!));
        string? problem = words is null or [] ? "names of groups with blanks between; without the line everybody is asked"
            : DuoGroups.MatchNobody(words) ? "with negations alone nobody is asked; everybody but a group is *,!group"
            : null;
        return problem is null ? words! : throw section.Bad(groups is null ? "group" : "groups", problem);
    }

    private static bool Flag(Section section, string key) => section.Find(key) switch
    {
        null or "no" or "false" or "off" or "0" => false,
        "yes" or "true" or "on" or "1" => true,
        _ => throw section.Bad(key, "yes or no"),
    };

    private static int? Number(Section section, string key, int most) => section.Find(key) is not string text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= most
            ? number
            : throw section.Bad(key, most == int.MaxValue ? "a number from 1" : $"a number from 1 to {most}");

    private static char? Delimiter(Section section) => section.Find("gecos_delim") switch
    {
        null => null,
        [char c] when c != ':' && DuoName.IsPunctuation(c) => c,
        _ => throw section.Bad("gecos_delim", "one punctuation character other than ':'"),
    };
}
