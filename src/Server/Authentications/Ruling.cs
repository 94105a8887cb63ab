namespace Sallyport.Server.Authentications;

/// <summary>What the policy says about a login before a factor is looked at.</summary>
internal abstract record Ruling
{
    private Ruling()
    {
    }

    /// <param name="Message">For the person; it tells him no more than he may know.</param>
    internal sealed record Deny(string Reason, string Message) : Ruling;

    /// <summary>He may enrol, and then try again.</summary>
    internal sealed record Enrol : Ruling;

    /// <summary>One of these factors is needed.</summary>
    internal sealed record Ask(Factors Factors) : Ruling;

    /// <param name="Status">Duo's word: allow or bypass.</param>
    internal sealed record Allow(string Reason, string Status) : Ruling;
}

/// <summary>Which factors an application takes.</summary>
internal readonly record struct Factors(bool Passcode, bool Bypass)
{
    /// <summary>Blank-separated words; empty: all. A word that is not known adds nothing.</summary>
    public static Factors Of(string words)
    {
        string[] allowed = words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return allowed.Length == 0
            ? new(Passcode: true, Bypass: true)
            : new(
                allowed.Contains("passcode", StringComparer.Ordinal),
                allowed.Contains("bypass", StringComparer.Ordinal));
    }
}

/// <summary>Reasons in the words of Duo's authentication log.</summary>
internal static class Reasons
{
    public const string ValidPasscode = "valid_passcode";
    public const string InvalidPasscode = "invalid_passcode";
    public const string BypassUser = "bypass_user";
    public const string TrustedNetwork = "trusted_network";
    public const string UserDisabled = "user_disabled";
    public const string LockedOut = "locked_out";
    public const string NotInGroup = "user_not_in_permitted_group";
    public const string DeniedByPolicy = "denied_by_policy";
    public const string Unenrolled = "deny_unenrolled_user";

    /// <summary>A source that waits after wrong passcodes.</summary>
    public const string FrequentAttempts = "frequent_attempts";

    /// <summary>Asked for the default factor, which would be a push, or for another one that is not there.</summary>
    public const string NoDefaultFactor = "no_activated_duo_mobile_account";

    /// <summary>A request that was sent before, or an answer that nobody took.</summary>
    public const string Error = "error";
}
