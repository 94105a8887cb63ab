using Sallyport.Host.Messages;
using Sallyport.Host.Passcodes;

namespace Sallyport.Host.Duo;

/// <summary>
/// The passcode that an account has on this host, beside its factors at the server. Only a proven one counts here: not
/// nullok, a grace period, or an enrolment.
/// </summary>
/// <param name="mayTry">Counts a try; false: there were too many.</param>
internal sealed class HostPasscode(TotpFactor factor, LoginRequest request, Func<bool> mayTry)
{
    public bool Exists(IConversation conversation) => factor.HasSecret(request, conversation);

    /// <summary>Whether an answer that is there already is one.</summary>
    public bool Accepts(byte[] answer, IConversation conversation) =>
        mayTry() && factor.Authenticate(
            request with { Token = answer, Arguments = [.. request.Arguments, "use_first_pass"] },
            conversation,
            out bool proved)
            is Verdict.Allow && proved;

    public bool Ask(IConversation conversation) =>
        mayTry() && factor.Authenticate(request, conversation, out bool proved) is Verdict.Allow && proved;
}
