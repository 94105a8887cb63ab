using System.Globalization;
using System.Text;
using Sallyport.Cli.Setup;
using Sallyport.Host.Configuration;
using Sallyport.Host.Duo;

namespace Sallyport.Cli.Moving;

/// <summary>[duo] of sallyport.conf, from what a file of Duo's says. Texts are held byte by byte.</summary>
internal static class DuoSection
{
    public const string Name = "duo";

    public static bool IsIn(string configuration) =>
        configuration.Split('\n').Any(line => line.Trim() is ['[', .. string title, ']'] && title.Trim() == Name);

    /// <param name="path">Of the configuration, for what is said about it.</param>
    /// <exception cref="ConfigurationException">What Duo's programs took is nothing for sallyport.conf.</exception>
    public static string Put(string path, string configuration, DuoSettings settings)
    {
        var ini = new IniText(configuration);
        ini.Remove(title => title == Name);
        foreach ((string key, string value) in Lines(settings))
        {
            ini.Set(Name, key, value);
        }

        // Read as the agent will read it, and not as it is held here.
        _ = HostConfiguration.Parse(path, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(ini.ToString())));
        return ini.ToString();
    }

    private static IEnumerable<(string Key, string Value)> Lines(DuoSettings s)
    {
        yield return ("ikey", s.IntegrationKey);
        yield return ("skey", s.SecretKey);
        yield return ("host", s.Port == 443 ? s.Host : $"{s.Host}:{Number(s.Port)}");
        if (s.CaFile is not null)
        {
            yield return ("cafile", Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(s.CaFile)));
        }

        if (s.Proxy is DuoProxy proxy)
        {
            string user = proxy.Credentials is null ? "" : proxy.Credentials + "@";
            yield return ("http_proxy", $"http://{user}{proxy.Host}:{Number(proxy.Port)}");
        }

        if (s.Groups.Count > 0)
        {
            yield return ("groups", string.Join(' ', s.Groups.Select(word => word.Replace(" ", "\\ ", StringComparison.Ordinal))));
        }

        yield return ("failmode", s.FailMode is FailMode.Safe ? "safe" : "secure");
        foreach ((string key, _) in Switches(s).Where(pair => pair.IsOn))
        {
            yield return (key, "yes");
        }

        if (s.Prompts != DuoSettings.MostPrompts)
        {
            yield return ("prompts", Number(s.Prompts));
        }

        if (s.HttpsTimeout != DuoSettings.UsualTimeout)
        {
            yield return ("https_timeout", Number((int)s.HttpsTimeout.TotalSeconds));
        }

        if (s.GecosPosition is int position)
        {
            yield return ("gecos_username_pos", Number(position));
            yield return ("gecos_delim", s.GecosDelimiter.ToString());
        }
    }

    private static IEnumerable<(string Key, bool IsOn)> Switches(DuoSettings s) =>
    [
        ("pushinfo", s.PushInfo), ("autopush", s.AutoPush), ("verified_push", s.VerifiedPush),
        ("accept_env_factor", s.AcceptEnvFactor), ("fallback_local_ip", s.FallbackLocalIp), ("send_gecos", s.SendGecos),
        ("motd", s.Motd),
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
