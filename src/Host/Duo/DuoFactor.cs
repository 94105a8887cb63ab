using System.Globalization;
using System.Net;
using System.Text;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Duo;

/// <summary>
/// A login against a Duo-compatible server. Top to bottom, this file is a login; DuoFactor.Answer.cs is one answer of
/// his, DuoFactor.Sending.cs what the server and his phone make of it, and DuoFactor.Failure.cs what holds while the
/// server cannot be reached. What is not an allow refuses.
/// </summary>
internal sealed partial class DuoFactor(
    DuoSettings settings,
    DuoClient client,
    DuoLogin login,
    IConversation conversation,
    TimeProvider time,
    HostPasscode? passcode = null,
    OfflineMemory? memory = null,
    Bypasses? bypasses = null)
{
    private readonly string _unixName = login.Account.Name;
    private string _name = login.Account.Name;
    private DuoSubject _subject = new("", null, null);

    /// <summary>He proved a factor; an allow without one is the server's policy, or the fail mode.</summary>
    public bool Proved { get; private set; }

    /// <summary>A phone was asked.</summary>
    public bool HasPushed { get; private set; } = login.HasPushed;

    /// <summary>Why he was let in without the server; null: he was not.</summary>
    public string? Bypass { get; private set; }

    /// <summary>What the server says to who is not enrolled.</summary>
    public string EnrolmentText { get; private set; } = "";

    public DuoOutcome Run()
    {
        // 1. Is he asked?
        if (settings.Groups.Count > 0 && !DuoGroups.NeedsDuo(settings.Groups, login.Account))
        {
            string asked = Printable.Of(login.ServerName ?? _unixName);
            conversation.Log(Priority.Info, $"User {asked} bypassed Duo 2FA due to user's UNIX group");
            return DuoOutcome.NotAsked;
        }

        // 2. By which name.
        if (Name() is not string name)
        {
            return DuoOutcome.Refused;
        }

        _name = name;
        _subject = new DuoSubject(Text(name), login.Address, Dns.GetHostName());

        // 3. Until he is let in, refused, or has tried as often as he may.
        client.Waits = pause => Inform("Rate-limiting response received from server. Waiting for "
            + string.Create(CultureInfo.InvariantCulture, $"{(long)pause.TotalSeconds} seconds before retrying."));
        int tries = login.IsHeadless ? 1 : settings.Prompts;
        for (int number = 0; number < tries; number++)
        {
            DuoPreauth preauth;
            try
            {
                preauth = client.Preauth(_subject, IsGone);
            }
            catch (DuoException failed) when (failed.Failure is DuoFailure.Unreachable && number == 0)
            {
                return WithoutServer(failed.Message);
            }
            catch (DuoException failed) when (failed.Failure is DuoFailure.Failed)
            {
                Log(Priority.Warning, "Failed Duo login", failed.Message);
                continue;
            }
            catch (DuoException failed)
            {
                return Refuse(failed, "Failsecure Duo login", Priority.Warning);
            }

            switch (preauth.Result)
            {
                case DuoResult.Allow:
                    Log(Priority.Warning, "Skipped Duo login", preauth.StatusMessage);
                    Remember();
                    return DuoOutcome.Allowed;
                case DuoResult.Enroll:
                    // The text is a link by which who has it enrols: not for who has proven nothing.
                    Forget();
                    EnrolmentText = login.MayPush ? OneByte(preauth.Prompt ?? preauth.StatusMessage) : "Not enrolled.";
                    Log(Priority.Warning, "Aborted Duo login", "User enrollment required");
                    return DuoOutcome.NotEnrolled;
                case DuoResult.Auth:
                    break;
                default:
                    Forget();
                    Say(preauth.StatusMessage);
                    Log(Priority.Warning, "Aborted Duo login", preauth.StatusMessage);
                    return DuoOutcome.Refused;
            }

            try
            {
                if (Answer(preauth, isFirst: number == 0) is DuoOutcome decided)
                {
                    return decided;
                }
            }
            catch (DuoException failed) when (failed.Failure is DuoFailure.Failed)
            {
                Log(Priority.Warning, "Failed Duo login", failed.Message);
            }
            catch (DuoException failed)
            {
                // After preauth nothing is a reason to let in.
                return Refuse(failed, "Error in Duo login", Priority.Error);
            }
        }

        return DuoOutcome.Refused;
    }

    /// <param name="what">login_duo's words for it, which are others for an answer that says no by its status.</param>
    private DuoOutcome Refuse(DuoException failed, string what, Priority priority)
    {
        bool isGone = failed.Failure is DuoFailure.Cancelled;
        if (isGone || failed.Message is ['H', 'T', 'T', 'P', ' ', '3' or '4', ..])
        {
            Log(Priority.Warning, "Aborted Duo login", failed.Message);
        }
        else
        {
            Log(priority, what, failed.Message);
        }

        if (failed.Detail is string detail)
        {
            Log(Priority.Warning, "The server says", detail);
        }

        if (!isGone)
        {
            Say("The login cannot be checked. The log of this host says why.");
        }

        return DuoOutcome.Refused;
    }

    /// <summary>His name at the server, one char a byte; null: it cannot be one.</summary>
    private string? Name()
    {
        DuoNote? note = null;
        string name = login.ServerName ?? DuoName.For(login.Account, settings, out note);
        if (note is not null)
        {
            conversation.Log(note.Value.Priority ?? Priority.Warning, note.Value.Text);
        }

        if (name.Length > 0)
        {
            return name;
        }

        conversation.Log(Priority.Error, "Error in Duo login: the account has no name");
        return null;
    }

    private bool IsGone() => conversation.IsGone || login.IsLost();

    private void Remember()
    {
        if (memory?.Remember(_unixName, time.GetUtcNow()) is > 0 and int error)
        {
            Log(
                Priority.Warning, "Cannot remember",
                $"{Interop.Unistd.StrError(error)}; failmode = offline will not know him");
        }
    }

    private void Forget()
    {
        if (memory?.Forget(_unixName) is > 0 and int error)
        {
            Log(
                Priority.Critical, "Cannot forget",
                $"{Interop.Unistd.StrError(error)}; failmode = offline still knows him");
        }
    }

    private void Log(Priority priority, string what, string detail)
    {
        string from = (login.Address ?? login.ClaimedAddress) is string address ? $" from {Printable.Of(address)}" : "";
        string why = detail.Length > 0 ? $": {Line(detail)}" : "";
        conversation.Log(priority, $"{what} for '{Printable.Of(_name)}'{from}{why}");
    }

    /// <summary>A text that ends what he waits for.</summary>
    private void Say(string text)
    {
        if (!login.IsHeadless && text.Length > 0)
        {
            conversation.Tell(OneByte(text));
        }
    }

    // The agent's texts are bytes.
    private static string OneByte(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static string Text(string oneByte) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(oneByte));

    private static string Line(string text) => OneByte(Protocol.Duo.DuoText.Line(text.TrimEnd('\n')));
}
