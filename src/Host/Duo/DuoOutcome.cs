namespace Sallyport.Host.Duo;

/// <summary>What the server's factor says about a login. Zero refuses.</summary>
internal enum DuoOutcome
{
    Refused = 0,

    Allowed,

    /// <summary>He is in none of the groups that are asked.</summary>
    NotAsked,

    /// <summary>He has no factor at the server yet.</summary>
    NotEnrolled,
}
