using System.Text;
using Sallyport.Protocol;

namespace Sallyport.Cli.Users;

/// <summary>Somebody who is to have an account here, as he was described, with nothing in it that is not checked.</summary>
/// <param name="Line">Of the file that describes him; 0: it was the command line.</param>
internal sealed record NewUser(
    string Name, IReadOnlyList<PublicKey> Keys, IReadOnlyList<string> Groups, TimeSpan Invitation, int Line = 0)
{
    /// <summary>What useradd and utmp take.</summary>
    private const int LongestName = 32;

    private const string UnfinishedPrefix = "sallyport-unfinished-";

    /// <summary>
    /// Stands in the account's comment (GECOS) from the moment it exists until everything is done. By it, and by nothing
    /// else, a later run knows an account that an interrupted one has made for the same person.
    /// </summary>
    public string Unfinished
    {
        get
        {
            byte[] hash = new byte[Sha256.DigestBytes];
            Sha256.Hash(Encoding.UTF8.GetBytes(string.Join('\n', Keys.Select(key => key.Blob).Prepend(Name))), hash);
            return UnfinishedPrefix + Convert.ToHexStringLower(hash.AsSpan(0, 16));
        }
    }

    public static bool IsUnfinished(string comment) => comment.StartsWith(UnfinishedPrefix, StringComparison.Ordinal);

    /// <summary>adduser's NAME_REGEX. Nothing that a program could take for an option, a path or a number.</summary>
    public static bool IsName(string name) => name is { Length: <= LongestName } and [>= 'a' and <= 'z', ..]
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
}
