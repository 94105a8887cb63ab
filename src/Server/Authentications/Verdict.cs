namespace Sallyport.Server.Authentications;

/// <summary>What came of an attempt. Whatever is not Allowed is no allow.</summary>
/// <param name="Status">Duo's word beside the result: allow, bypass, deny, locked_out, pushed.</param>
/// <param name="Message">For the person.</param>
internal sealed record Verdict(AuthenticationState State, string Status, string Message, string TransactionId)
{
    public const string Welcome = "Success. Logging you in...";
    public const string Wrong = "Incorrect passcode. Please try again.";
    public const string Denied = "Login request denied.";
    public const string TimedOut = "Login timed out.";

    /// <summary>A device was named, and he has none that can be asked.</summary>
    public const string NoDevice = "no capable device";

    /// <summary>Waiting has been said already: the next answer is what is decided, at the latest then.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What has to be typed on the phone, where it waits for that.</summary>
    public string? Number { get; init; }
}
