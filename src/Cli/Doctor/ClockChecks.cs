using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>Whether the clock is right, by those whom the host itself asks for the time, and whether anybody keeps it.</summary>
internal sealed class ClockChecks(Findings findings, TimeProvider time)
{
    private const string Why = "codes are made of the time: half a minute off, and right codes are wrong";
    private const string Mend = "timedatectl set-ntp true (or: systemctl enable --now chrony)";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _worthSaying = TimeSpan.FromSeconds(5);

    /// <summary>One time step (RFC 6238 section 4.1): from here on the usual window does not cover a phone that is slow too.</summary>
    private static readonly TimeSpan _wrong = TimeSpan.FromSeconds(30);

    // Who keeps the clock leaves one of these while it runs.
    private static readonly string[] _keepers =
        ["/run/systemd/timesync", "/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid", "/run/ntpsec/ntpd.pid"];

    /// <param name="servers">Asked instead of the host's own; empty: its own.</param>
    public void Check(IReadOnlyList<string> servers)
    {
        string[] asked = servers.Count > 0 ? [.. servers] : [.. TimeSources.Find().Distinct().Take(3)];
        using var patience = new CancellationTokenSource(_patience);
        TimeSpan?[] answers = Task.WhenAll(asked.Select(server => Task.Run(() => TimeServer.AheadAsync(server, time, patience.Token))))
            .GetAwaiter().GetResult();
        TimeSpan[] ahead = [.. answers.OfType<TimeSpan>().Order()];
        if (ahead.Length > 0)
        {
            Judge(ahead[ahead.Length / 2], string.Join(", ", asked));
        }
        else
        {
            SayUnmeasured(asked, wasNamed: servers.Count > 0);
        }

        if (!SysTimex.IsSynchronised())
        {
            const string What = "the kernel does not hold the clock for synchronised";
            if (_keepers.Any(Path.Exists))
            {
                findings.Warning(FindingId.ClockUnsynchronised, What, Why, Mend);
            }
            else
            {
                findings.Note(FindingId.ClockUnsynchronised, What + ", and nothing here keeps it", Why, Mend);
            }
        }
    }

    private void SayUnmeasured(string[] asked, bool wasNamed)
    {
        const string Unknown = "so nothing is known of how far this clock is off, and half a minute makes right codes wrong";
        string what = asked.Length > 0
            ? $"no answer about the time from {string.Join(", ", asked)}"
            : "nobody is known whom this host asks for the time";
        if (wasNamed)
        {
            findings.Warning(FindingId.ClockUnmeasured, what, Unknown, "ask another one, or open UDP port 123 outwards");
        }
        else
        {
            findings.Note(FindingId.ClockUnmeasured, what, Unknown, "sallyport doctor --time-server=SERVER");
        }
    }

    private void Judge(TimeSpan ahead, string by)
    {
        string what = $"the clock is {Math.Abs(ahead.TotalSeconds):F0} s {(ahead > TimeSpan.Zero ? "fast" : "slow")}, says {by}";
        if (ahead.Duration() >= _wrong)
        {
            findings.Error(FindingId.ClockOffset, what, Why, Mend);
        }
        else if (ahead.Duration() >= _worthSaying)
        {
            findings.Warning(FindingId.ClockOffset, what, Why, Mend);
        }
    }
}
