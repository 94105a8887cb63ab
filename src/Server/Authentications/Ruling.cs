using Sallyport.Server.Devices;

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
    /// <param name="Phones">That may be asked; the first is number 1, and the default.</param>
    /// <param name="CanPush">One can be asked; not so where a number is needed that the client cannot show.</param>
    internal sealed record Ask(Factors Factors, IReadOnlyList<Device> Phones, bool CanPush) : Ruling;

    /// <param name="Status">Duo's word: allow or bypass.</param>
    internal sealed record Allow(string Reason, string Status) : Ruling;
}

/// <summary>Which factors an application takes.</summary>
internal readonly record struct Factors(bool Passcode, bool Bypass, bool Push)
{
    /// <summary>Blank-separated words; empty: all. A word that is not known adds nothing.</summary>
    public static Factors Of(string words)
    {
        string[] allowed = words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return allowed.Length == 0
            ? new(Passcode: true, Bypass: true, Push: true)
            : new(
                allowed.Contains("passcode", StringComparer.Ordinal),
                allowed.Contains("bypass", StringComparer.Ordinal),
                allowed.Contains("push", StringComparer.Ordinal));
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

    /// <summary>A source that waits after wrong passcodes, or pushes that wait after denials.</summary>
    public const string FrequentAttempts = "frequent_attempts";

    public const string UserApproved = "user_approved";

    /// <summary>The person said no.</summary>
    public const string UserMistake = "user_mistake";

    /// <summary>The person said that it was not he who began it.</summary>
    public const string UserMarkedFraud = "user_marked_fraud";

    public const string NoResponse = "no_response";

    /// <summary>The client gave up.</summary>
    public const string UserCancelled = "user_cancelled";

    /// <summary>A newer push of the same user and application took its place.</summary>
    public const string Superseded = "superseded";

    public const string WrongNumber = "verification_code_incorrect";

    /// <summary>A number is asked for, and the client cannot show one.</summary>
    public const string NoNumber = "verification_code_missing";

    /// <summary>Asked for the default factor, which would be a push, or for another one that is not there.</summary>
    public const string NoDefaultFactor = "no_activated_duo_mobile_account";

    /// <summary>A request that was sent before, or an answer that nobody took.</summary>
    public const string Error = "error";

    /// <summary>A host decided it by itself, and says so.</summary>
    public const string HostReport = "host_report";
}
