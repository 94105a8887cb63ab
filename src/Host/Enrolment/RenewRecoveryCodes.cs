using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>New recovery codes for the same secret; the old ones are void. All but root prove their factor first.</summary>
internal sealed class RenewRecoveryCodes(TotpStore store, TimeProvider time, Func<bool> prove, Action<string> log)
{
    public Verdict Run(FactorRequest request, EnrolmentOptions options, IConversation conversation)
    {
        using (TotpReading look = store.Open(request.Account.Name))
        {
            if (look.Entry is null)
            {
                conversation.Tell(look.Problem is ReadProblem.Missing
                    ? $"{request.User} is not enrolled." : $"The entry of {request.User} cannot be read.");
                return Verdict.Deny;
            }
        }

        if (!request.ByRoot && !prove())
        {
            return Verdict.Deny;
        }

        uint[] codes = FreshFactor.RecoveryCodes(options.RecoveryCodes);
        int error = Put(request, codes);
        if (error != 0)
        {
            conversation.Tell($"Nothing was changed: {Unistd.StrError(error)}.");
            log($"{request.User}: new recovery codes failed: {Unistd.StrError(error)}");
            return Verdict.Deny;
        }

        log($"{request.User}: new recovery codes made by {request.Caller}");
        EnrolFactor.ShowRecoveryCodes(codes, conversation);
        conversation.Inform("The old recovery codes no longer work.");
        return Verdict.Allow;
    }

    private int Put(FactorRequest request, uint[] codes)
    {
        using TotpReading held = store.Open(request.Account.Name);
        if (held.Entry is null)
        {
            return held.Problem is ReadProblem.Missing ? Errno.ENOENT : Errno.EIO;
        }

        using TotpEnrolment changed = held.Entry.Enrolment.WithRecoveryCodes(FreshFactor.Hash(codes));
        TotpEnrolment told = changed.WithNotice(request.Told("new recovery codes were made", time.GetUtcNow()));
        using TotpEntry next = held.Entry.Replacement(told);
        return store.Replace(held, next);
    }
}
