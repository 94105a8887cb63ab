using Sallyport.Host.Configuration;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Enrolment;

/// <summary>
/// What policy does with who is asked and has no factor. He enrols in the conversation of the login itself, before any
/// channel exists, so that scp, sftp, a command or another shell cannot go around it.
/// </summary>
/// <param name="log">The agent's own log.</param>
internal sealed class LoginEnrolment(
    TotpStore store, Invitations invitations, TimeProvider time, Policy policy, Action<string> log)
{
    /// <summary>
    /// Null: nothing is open to him; he is asked like everybody, and refused. So is who has proved nothing before: he
    /// would learn who has a factor, and under allow and required this would be the only lock, and open.
    /// </summary>
    /// <param name="from">Behind the user's name in the log: " from ADDRESS", or nothing.</param>
    public Verdict? Run(Account account, string from, bool firstFactor, IConversation conversation)
    {
        if (!firstFactor || !TotpStore.IsName(account.Name))
        {
            return null;
        }

        string user = Printable.Of(account.Name);
        Configuration.Enrolment rule = policy.EnrolmentAt(time.GetUtcNow());
        if (rule is Configuration.Enrolment.Allow)
        {
            conversation.Log(Priority.Warning, $"{user} has no second factor and is let in without until {policy.Until:yyyy-MM-dd}");
            return Verdict.Allow;
        }

        if (rule is not Configuration.Enrolment.Required
            && (rule is not Configuration.Enrolment.Invited || invitations.Find(account.Name, time.GetUtcNow()) is null))
        {
            return null;
        }

        conversation.Log(Priority.Notice, $"{user} has no second factor and enrols in this login");
        FactorRequest request = new(account, account.Uid, InLogin: true, Uninvited: rule is Configuration.Enrolment.Required);
        Verdict verdict = Enrol(request, conversation, out bool enrolled);
        if (!enrolled)
        {
            conversation.Log(Priority.Error, $"Invalid verification code for {user}{from}");
        }
        else if (verdict is Verdict.Allow)
        {
            conversation.Log(Priority.Info, $"Accepted google_authenticator for {user}{from}");
        }

        return verdict;
    }

    private Verdict Enrol(FactorRequest request, IConversation conversation, out bool enrolled)
    {
        conversation.Inform($"\nLogins here ask for a passcode of an authenticator app, and {request.User} has none yet.");
        EnrolmentOptions options = EnrolmentOptions.Parse([], out _)!;
        var enrol = new EnrolFactor(store, invitations, time, prove: () => false, log);
        enrolled = enrol.Run(request, options, new LoginScreen(conversation)) is Verdict.Allow;
        if (!enrolled)
        {
            return Verdict.Deny;
        }

        // A prompt, because sshd up to 10.2 shows texts with the next one only, and the codes are shown only now.
        byte[]? seen = conversation.Ask("Write the recovery codes down, then press Enter: ", echo: true);
        if (seen is not null && policy.LetInAfterEnrolment)
        {
            return Verdict.Allow;
        }

        conversation.Tell("Enrolled. Now log in with a new passcode of the app.");
        return Verdict.Deny;
    }
}
