namespace Sallyport.Server.Authentications;

/// <summary>What came of an attempt. Whatever is not Allowed is a refusal.</summary>
/// <param name="Status">Duo's word beside the result: allow, bypass, deny, locked_out.</param>
/// <param name="Message">For the person.</param>
internal sealed record Verdict(AuthenticationState State, string Status, string Message, string TransactionId)
{
    public const string Welcome = "Success. Logging you in...";
    public const string Wrong = "Incorrect passcode. Please try again.";
}
