namespace Sallyport.Host.Duo;

/// <summary>What the server says. Zero refuses.</summary>
internal enum DuoResult
{
    None = 0,
    Auth,
    Allow,
    Deny,
    Enroll,
    Waiting,
}

/// <summary>The answer of preauth. Texts are cleaned of what moves a cursor.</summary>
/// <param name="Prompt">The menu, whole, with its last line open; null: none came.</param>
/// <param name="Factors">What may be typed, and what that means; "default" is for who types nothing.</param>
/// <param name="TransactionId">To be given back with auth, where the server wants it; null: it does not.</param>
internal sealed record DuoPreauth(
    DuoResult Result,
    string StatusMessage,
    string? Prompt,
    IReadOnlyDictionary<string, string> Factors,
    string? TransactionId);

/// <summary>The answer of auth: a result, or, where it was asked for, an id whose result comes later.</summary>
internal sealed record DuoAuth(DuoResult Result, string StatusMessage, string? TransactionId);

/// <summary>The answer of auth_status: waiting, or the result.</summary>
/// <param name="HasNumber">The message has a number that somebody must see, to type it on the phone.</param>
internal sealed record DuoStatus(DuoResult Result, string StatusMessage, bool HasNumber = false);
