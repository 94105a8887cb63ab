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
    /// <summary>Null: nothing is open to him; he is asked like everybody, and refused.</summary>
    /// <param name="firstFactor">He has proved one; else this would be the only lock, and it is open.</param>
    public Verdict? Run(Account account, bool firstFactor, IConversation conversation)
    {
        string user = Printable.Of(account.Name);
        Configuration.Enrolment rule = policy.EnrolmentAt(time.GetUtcNow());
        if (rule is Configuration.Enrolment.Allow)
        {
            conversation.Log(Priority.Warning, $"{user} has no second factor and is let in without until {policy.Until:yyyy-MM-dd}");
            return firstFactor ? Verdict.Allow : Verdict.Ignore;
        }

        bool open = rule switch
        {
            Configuration.Enrolment.Required => firstFactor,
            Configuration.Enrolment.Invited => invitations.Find(account.Name, time.GetUtcNow()) is not null,
            _ => false,
        };
        if (!open || !TotpStore.IsName(account.Name))
        {
            return null;
        }

        conversation.Log(Priority.Notice, $"{user} has no second factor and enrols in this login");
        return Enrol(new(account, account.Uid, InLogin: true, Uninvited: rule is Configuration.Enrolment.Required), conversation);
    }

    private Verdict Enrol(FactorRequest request, IConversation conversation)
    {
        conversation.Inform($"\nLogins here ask for a passcode of an authenticator app, and {request.User} has none yet.");
        EnrolmentOptions options = EnrolmentOptions.Parse([], out _)!;
        var enrol = new EnrolFactor(store, invitations, time, prove: () => false, log);
        if (enrol.Run(request, options, new LoginScreen(conversation)) is not Verdict.Allow)
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
