using Sallyport.Host.Messages;

namespace Sallyport.Host.Enrolment;

/// <summary>Leave for one account to enrol itself. Root's alone to give.</summary>
internal sealed class InviteUser(Invitations invitations, TimeProvider time, Action<string> log)
{
    public Verdict Run(FactorRequest request, EnrolmentOptions options, IConversation conversation)
    {
        if (!request.ByRoot)
        {
            conversation.Tell("Only root can invite.");
            return Verdict.Deny;
        }

        DateTimeOffset expires = time.GetUtcNow() + options.Expires;
        string code;
        try
        {
            code = invitations.Open(request.Account.Name, expires, options.Replace);
        }
        catch (IOException failed)
        {
            conversation.Tell($"Nothing was changed: {failed.Message}.");
            return Verdict.Deny;
        }

        string until = FactorStatus.Moment(expires.ToUnixTimeSeconds());
        log($"{request.User}: invited to enrol{(options.Replace ? ", replacing his factor" : "")}, until {until}");
        conversation.Inform($"""
            Give this code to {request.User}, by a way on which you know that it is him.
            It works once, until {until}:
              {code}
            He enrols with it at his next login, where [policy] asks for a factor, or,
            logged in on this host, by:
              sallyport enroll
            """);
        return Verdict.Allow;
    }
}
