using System.Text;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Duo;

/// <summary>The keys of a file of Duo's, one by one: the last counts, and what a switch does not know is off.</summary>
internal sealed class DuoFileKeys(string program, ICollection<DuoNote> notes)
{
    private const int MostGroups = 255;

    private bool _noVerify;

    public DuoSettings Settings { get; private set; } = new() { IntegrationKey = "", SecretKey = "", Host = "" };

    public bool HasFailMode { get; private set; }

    /// <summary>Nothing is verified at the server: noverify, or a cafile that names none.</summary>
    public bool NoVerify => _noVerify || Settings.CaFile is "";

    /// <summary>False: it cannot be taken, and the file is refused.</summary>
    public bool Set(string name, string value)
    {
        DuoSettings? next = With(Settings, name, value);
        if (next is null)
        {
            Say($"Invalid {program} option: '{Printable.Of(name)}'");
            return false;
        }

        Settings = next;
        return true;
    }

    private DuoSettings? With(DuoSettings s, string name, string value) => name switch
    {
        "ikey" => s with { IntegrationKey = value },
        "skey" => s with { SecretKey = value },
        "host" => WithHost(s, value),
        "cafile" => s with { CaFile = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(value)) },
        "noverify" => WithNoVerify(s, value),
        "http_proxy" => WithProxy(s, value),
        "group" or "groups" => WithGroups(s, value),
        "failmode" => WithFailMode(s, value),
        "pushinfo" => s with { PushInfo = IsTrue(name, value) },
        "prompts" => s with { Prompts = Math.Min(s.Prompts, Math.Max(CNumberOf(value), 1)) },
        "autopush" => s with { AutoPush = IsTrue(name, value) },
        "verified_push" => s with { VerifiedPush = IsTrue(name, value) },
        "accept_env_factor" => s with { AcceptEnvFactor = IsTrue(name, value) },
        "fallback_local_ip" => s with { FallbackLocalIp = IsTrue(name, value) },
        "https_timeout" => WithTimeout(s, value),
        "send_gecos" => s with { SendGecos = IsTrue(name, value) },
        "gecos_delim" => WithDelimiter(s, value),
        "gecos_username_pos" => WithPosition(s, value),
        "gecos_parsed" => NoEffect(s, name, " Use gecos_delim and gecos_username_pos instead"),
        "dev_fips_mode" => NoEffect(s, name, ""),
        "motd" when program == DuoFile.LoginDuo => s with { Motd = IsTrue(name, value) },
        _ => null,
    };

    private DuoSettings? WithHost(DuoSettings s, string value) =>
        value.Length == 0 ? s with { Host = "" }
        : DuoAddress.TryParse(value, DuoSettings.UsualPort, out string host, out int port)
            ? s with { Host = host, Port = port }
        : Refused($"Invalid host: '{Printable.Of(value)}'");

    private DuoSettings WithNoVerify(DuoSettings s, string value)
    {
        _noVerify = IsTrue("noverify", value);
        return s;
    }

    private DuoSettings? WithProxy(DuoSettings s, string value) =>
        DuoProxy.Parse(value) is DuoProxy proxy ? s with { Proxy = proxy } : Refused("http_proxy must be HTTP");

    private DuoSettings? WithGroups(DuoSettings s, string value) =>
        DuoGroups.Words(value) is not { } words ? Refused($"Invalid groups: '{Printable.Of(value)}'")
        : s.Groups.Count + words.Count > MostGroups ? Refused("Exceeded max 256 groups")
        : s with { Groups = [.. s.Groups, .. words] };

    private DuoSettings? WithFailMode(DuoSettings s, string value)
    {
        HasFailMode = true;
        return value switch
        {
            "secure" => s with { FailMode = FailMode.Secure },
            "safe" => s with { FailMode = FailMode.Safe },
            _ => Refused($"Invalid failmode: '{Printable.Of(value)}'"),
        };
    }

    private DuoSettings WithTimeout(DuoSettings s, string value)
    {
        int seconds = CNumberOf(value);
        if (seconds > DuoSettings.LongestTimeout)
        {
            Say($"https_timeout is {DuoSettings.LongestTimeout} seconds, the most there is here", Priority.Notice);
        }

        return seconds <= 0
            ? s with { HttpsTimeout = DuoSettings.UsualTimeout }
            : s with { HttpsTimeout = TimeSpan.FromSeconds(Math.Min(seconds, DuoSettings.LongestTimeout)) };
    }

    private DuoSettings? WithDelimiter(DuoSettings s, string value) =>
        value.Length != 1 ? Refused("Invalid character option length. Character fields must be 1 character long: "
            + $"'{Printable.Of(value)}'")
        : value == ":" || !DuoName.IsPunctuation(value[0])
            ? Refused($"Invalid gecos_delim '{Printable.Of(value)}' (delimiter must be punctuation other than ':')")
        : s with { GecosDelimiter = value[0] };

    private DuoSettings? WithPosition(DuoSettings s, string value) =>
        CNumberOf(value) is > 0 and int position
            ? s with { GecosPosition = position }
            : Refused("Gecos position starts at 1");

    private DuoSettings NoEffect(DuoSettings s, string name, string instead)
    {
        Say(
            $"The {name} configuration item for Duo Unix is deprecated and no longer has any effect.{instead}",
            Priority.Error);
        return s;
    }

    private bool IsTrue(string name, string value)
    {
        if (value is not ("yes" or "true" or "on" or "1" or "no" or "false" or "off" or "0" or ""))
        {
            Say($"{name} = {Printable.Of(value)} means no: only yes, true, on and 1 mean yes", Priority.Warning);
        }

        return value is "yes" or "true" or "on" or "1";
    }

    private DuoSettings? Refused(string why)
    {
        Say(why);
        return null;
    }

    private void Say(string text, Priority? priority = null) => notes.Add(new DuoNote(priority, text));

    /// <summary>atoi(3) of glibc: what is too large for a long is the largest one, and the low half counts.</summary>
    private static int CNumberOf(string text) => CNumber.Signed(Encoding.Latin1.GetBytes(text)).Int32;
}
