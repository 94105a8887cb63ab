using Sallyport.Cli.Setup;
using Sallyport.Host.Duo;

namespace Sallyport.Cli.Doctor;

/// <summary>[duo]: whether the server answers, and whether the agent may ask it. Nobody's login hangs on what is found.</summary>
internal sealed class DuoChecks(Findings findings, string path, TimeProvider time)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>A server refuses what was signed longer ago or later; ours are corrected, a passcode's step is not.</summary>
    private static readonly TimeSpan _wrong = TimeSpan.FromSeconds(30);

    public void Check(DuoSettings settings)
    {
        CheckNetwork();
        string server = $"{settings.Host}:{settings.Port}";
        try
        {
            using DuoConnections connections = new(time);
            DuoSettings brief = settings.HttpsTimeout > _patience ? settings with { HttpsTimeout = _patience } : settings;
            TimeSpan ahead = new DuoClient(brief, connections, "sallyport", time).ClockAhead();
            if (ahead.Duration() >= _wrong)
            {
                findings.Warning(FindingId.DuoClock,
                    $"{server} and this host differ by {Math.Abs(ahead.TotalSeconds):F0} s: the host is {(ahead > TimeSpan.Zero ? "slow" : "fast")}, or the server is not",
                    "what is asked of the server is corrected by that; passcodes of the one whose clock is wrong are wrong",
                    "timedatectl set-ntp true, on the one that is wrong", path);
            }
        }
        catch (DuoException failed)
        {
            bool isAway = failed.Failure is DuoFailure.Unreachable;
            string holds = !isAway ? "who is asked by it is refused, whatever failmode says" : settings.FailMode switch
            {
                FailMode.Safe => "with failmode = safe everybody is let in by the first factor alone",
                FailMode.Offline => "with failmode = offline a passcode of this host lets in who was let in lately, and nobody else",
                _ => "with failmode = secure who is asked by it is refused",
            };
            findings.Warning(FindingId.DuoServer,
                isAway ? $"{server} of [duo] cannot be reached: {failed.Message}" : $"{server} of [duo] does not answer as it should: {failed.Message}",
                holds, "look at host, cafile and http_proxy of [duo], at the firewall, and at the server", path);
        }
    }

    /// <summary>systemd's word, because the drop-in may have another name.</summary>
    private void CheckNetwork()
    {
        if (Setup.Sshd.HasSystemd && Tool.Run("systemctl", "show", "-P", "PrivateNetwork", AgentNetwork.Unit).Output.Trim() == "yes")
        {
            findings.Warning(FindingId.DuoNetwork, $"{AgentNetwork.Unit} has no network, and [duo] is to be asked over it",
                "every login that asks the server is refused, whatever failmode says",
                $"install -D -m 644 {AgentNetwork.Shipped} {AgentNetwork.Path}; systemctl daemon-reload; systemctl try-restart {AgentNetwork.Unit}",
                AgentNetwork.Path);
        }
    }
}
