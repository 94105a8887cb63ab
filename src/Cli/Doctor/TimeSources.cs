using Sallyport.Cli.Setup;

namespace Sallyport.Cli.Doctor;

/// <summary>Whom this host asks for the time: those that its time service asks now, then those that its files name.</summary>
internal static class TimeSources
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private static readonly string[] _files =
    [
        "/etc/chrony/chrony.conf", "/etc/chrony/sources.d/*.sources", "/etc/chrony/conf.d/*.conf", "/etc/chrony.conf", "/etc/chrony.d/*",
        "/etc/ntpsec/ntp.conf", "/etc/ntp.conf", "/etc/systemd/timesyncd.conf", "/etc/systemd/timesyncd.conf.d/*.conf",
    ];

    public static IEnumerable<string> Find() => Timesyncd().Concat(Chronyd()).Concat(Configured());

    /// <summary>Compiled in, by DHCP or by a file. Asked only while it runs: the question would start it.</summary>
    private static string[] Timesyncd()
    {
        if (!Directory.Exists("/run/systemd/system") || !Directory.Exists("/run/systemd/timesync"))
        {
            return [];
        }

        string[] lines = Said("timedatectl", "show-timesync", "--property=ServerName", "--property=ServerAddress");
        return [.. ((string[])["ServerAddress=", "ServerName="])
            .SelectMany(key => lines.Where(line => line.StartsWith(key, StringComparison.Ordinal)).Select(line => line[key.Length..].Trim()))
            .Where(server => server.Length > 0).Take(1)];
    }

    /// <summary>Servers (^) and peers (=), not the clocks at this host (#).</summary>
    private static IEnumerable<string> Chronyd() =>
        from line in Said("chronyc", "-n", "-c", "sources")
        let fields = line.Split(',')
        where fields is ["^" or "=", _, { Length: > 0 }, ..]
        select fields[2];

    /// <summary>server and pool lines of chrony and ntpd, NTP= of systemd-timesyncd.</summary>
    private static IEnumerable<string> Configured() =>
        from pattern in _files
        from file in Sshd.Glob.Files(pattern)
        from line in Lines(file)
        let words = line.Replace("NTP=", "NTP ", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        where words.Length > 1 && words[0] is "server" or "pool" or "NTP"
        from server in words[0] == "NTP" ? words[1..] : words[1..2]
        select server;

    private static string[] Said(params string[] words)
    {
        try
        {
            return Tool.Run(_patience, words) is { ExitCode: 0 } ran ? ran.Output.Split('\n') : [];
        }
        catch (IOException)
        {
            return []; // not here, or it does not answer
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return []; // what keeps the clock will say so itself
        }
    }
}
