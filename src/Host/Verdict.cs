namespace Sallyport.Host;

/// <summary>The end of a conversation. Zero is a refusal: a forgotten value must never let anyone in.</summary>
internal enum Verdict
{
    /// <summary>Refused.</summary>
    Deny,

    /// <summary>The factor was proven, or this host's policy exempts the account.</summary>
    Allow,

    /// <summary>This module has no opinion (nullok, the account phase).</summary>
    Ignore,

    /// <summary>Refused, because the factor could not be asked.</summary>
    Unavailable,
}
