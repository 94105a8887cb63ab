using Sallyport.Host.Messages;

namespace Sallyport.Host.Duo;

/// <summary>No server: what failmode says. Only before it has said anything about this login.</summary>
internal sealed partial class DuoFactor
{
    private DuoOutcome WithoutServer(string reason)
    {
        switch (settings.FailMode)
        {
            case FailMode.Safe:
                Log(Priority.Warning, "Failsafe Duo login", reason);
                Log(Priority.Alert, "Let in without the server", reason); // besides login_duo's own line
                return Keep("failsafe");
            case FailMode.Offline:
                return Offline(reason);
            default:
                Log(Priority.Warning, "Failsecure Duo login", reason);
                Say("The login server cannot be reached, and this host lets nobody in without it.");
                return DuoOutcome.Refused;
        }
    }

    private DuoOutcome Offline(string reason)
    {
        if (memory?.Knows(_unixName, settings.OfflineDays, time.GetUtcNow()) is not true)
        {
            Log(
                Priority.Warning, "Failsecure Duo login",
                $"{reason}; not let in by the server in {settings.OfflineDays} days");
            Say("The login server cannot be reached, and it has not let you in lately.");
            return DuoOutcome.Refused;
        }

        bool proved = passcode?.Exists(conversation) is true && (login switch
        {
            { Passcode.Length: > 0 } when settings.AcceptEnvFactor => passcode.Accepts(login.Passcode, conversation),
            { IsHeadless: true } => false,
            _ => Asked(passcode),
        });
        if (!proved)
        {
            Log(Priority.Warning, "Failsecure Duo login", $"{reason}; no passcode of this host");
            Say("The login server cannot be reached.");
            return DuoOutcome.Refused;
        }

        Proved = true;
        Log(Priority.Warning, "Offline Duo login", reason);
        return Keep("offline passcode");
    }

    /// <summary>For the server, later. What cannot be kept is not done: no login without a trace.</summary>
    private DuoOutcome Keep(string reason)
    {
        try
        {
            bypasses?.Add(_name, login.Address, reason);
            Bypass = reason;
            return DuoOutcome.Allowed;
        }
        catch (IOException unwritable)
        {
            Log(Priority.Critical, "Error in Duo login", unwritable.Message);
            return DuoOutcome.Refused;
        }
    }

    private bool Asked(HostPasscode passcode)
    {
        conversation.Inform("The login server cannot be reached: a passcode of this host is asked.");
        return passcode.Ask(conversation);
    }
}
