using Sallyport.Server.Applications;

namespace Sallyport.Server.Authentications;

/// <summary>From the name that a host sends to the one that is looked up, before anything is counted.</summary>
internal static class UserName
{
    /// <summary>
    /// Simple: <c>DOM\alice</c>, <c>alice@dom</c> and <c>alice</c> are one name. What would leave nothing is kept.
    /// </summary>
    public static string Canonical(string name, UsernameNormalization normalization)
    {
        if (normalization is not UsernameNormalization.Simple)
        {
            return name;
        }

        string user = name[(name.LastIndexOf('\\') + 1)..];
        int at = user.IndexOf('@', StringComparison.Ordinal);
        user = at < 0 ? user : user[..at];
        return user.Length == 0 ? name : user;
    }
}
