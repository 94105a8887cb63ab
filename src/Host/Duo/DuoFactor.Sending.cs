namespace Sallyport.Host.Duo;

/// <content>What is sent to the server for him, and the wait for his phone.</content>
internal sealed partial class DuoFactor
{
    /// <summary>A server that answers "waiting" at once is not asked again at once.</summary>
    private static readonly TimeSpan _shortestPoll = TimeSpan.FromSeconds(1);

    private static DuoStatus TimedOut => new(DuoResult.Deny, "Login timed out.");

    /// <param name="instead">What was typed while the phone was asked; the status is none then.</param>
    private DuoStatus Send(string factor, DuoPreauth preauth, out byte[]? instead)
    {
        instead = null;
        bool isPasscode = IsPasscode(factor);
        HasPushed |= !isPasscode;
        DuoAuth sent = client.Auth(
            _subject, factor, isAsync: !isPasscode, PushInfo(), preauth.TransactionId, IsGone);
        return sent.TransactionId is not string id || isPasscode
            ? new DuoStatus(sent.Result is DuoResult.Allow ? DuoResult.Allow : DuoResult.Deny, sent.StatusMessage)
            : Wait(id, out instead);
    }

    private DuoStatus Wait(string id, out byte[]? instead)
    {
        instead = null;
        bool isOver = false; // else the server is told that nobody waits
        bool isAsked = false;
        string shown = "";
        long begun = time.GetTimestamp();
        try
        {
            while (true)
            {
                long asked = time.GetTimestamp();
                DuoStatus status = client.Status(id, login.Patience - time.GetElapsedTime(begun), IsGone);
                if (status.Result is not DuoResult.Waiting)
                {
                    isOver = true;
                    return status;
                }

                if (time.GetElapsedTime(begun) >= login.Patience)
                {
                    return TimedOut;
                }

                bool isNew = status.StatusMessage.Length > 0 && status.StatusMessage != shown;
                shown = status.StatusMessage;
                if (!login.IsHeadless && !login.ShowsTexts && !isAsked)
                {
                    // sshd shows a text with the next prompt only, so the wait begins behind one.
                    isAsked = true;
                    byte[]? typed = conversation.Ask(
                        OneByte($"{shown}\nApprove on your phone, then press Enter; or type a passcode: "), echo: true);
                    if (typed is not { Length: 0 })
                    {
                        instead = typed;
                        return typed is null
                            ? throw new DuoException(DuoFailure.Cancelled, "Error gathering user response")
                            : new DuoStatus(DuoResult.Deny, "");
                    }
                }
                else
                {
                    Inform(isNew ? shown : "");
                    if (login.IsHeadless && isNew && status.HasNumber)
                    {
                        conversation.Tell(OneByte(shown)); // it would wait in vain
                        conversation.Deliver();
                    }

                    if (time.GetElapsedTime(asked) < _shortestPoll && !isNew)
                    {
                        Thread.Sleep(_shortestPoll);
                    }
                }
            }
        }
        catch (DuoException silent) when (silent.IsSilent)
        {
            isOver = true; // to tell whoever is silent would be one more silence, and a push ends by itself
            if (time.GetElapsedTime(begun) < login.Patience)
            {
                throw;
            }

            return TimedOut; // the answer was held back as long as he may take
        }
        finally
        {
            if (!isOver)
            {
                client.Cancel(id);
            }
        }
    }

    /// <summary>Facts as a phone shows them: pairs, encoded once here and once more as a parameter.</summary>
    private string PushInfo()
    {
        string client = login.ClaimedAddress is string claimed
            ? $"&Client+IP+by+its+own+word={Uri.EscapeDataString(claimed)}"
            : "";
        string command = settings.PushInfo ? Uri.EscapeDataString(Line(Text(login.Command ?? ""))) : "";
        return $"Server+IP={Uri.EscapeDataString(login.HostAddress ?? "")}{client}&Command={command}";
    }
}
