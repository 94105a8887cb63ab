using System.Text;

namespace Sallyport.Host.Passcodes;

/// <summary>The place of a state file: secret=, with its expansions, in one pass from left to right.</summary>
internal static class StatePath
{
    public const string Default = "~/.google_authenticator";

    /// <summary>
    /// A name that is safe inside a path. "../other" would walk out of the folder, and a control character would
    /// forge a log line.
    /// </summary>
    public static bool IsPlainName(string user) =>
        user is [not '.', ..] && !user.Any(c => c is '/' or < ' ' or '\x7F');

    /// <summary>Null: the spec needs a home, and there is none to use.</summary>
    public static string? Expand(string spec, string user, string? home)
    {
        var path = new StringBuilder();
        for (int i = 0; i < spec.Length; i++)
        {
            ReadOnlySpan<char> rest = spec.AsSpan(i);
            bool tilde = rest[0] == '~' && (i == 0 || spec[i - 1] == '/');
            if (tilde || rest.StartsWith("${HOME}", StringComparison.Ordinal))
            {
                if (home is not ['/', ..])
                {
                    return null;
                }

                path.Append(home);
                i += tilde ? 0 : 6;
            }
            else if (rest.StartsWith("${USER}", StringComparison.Ordinal))
            {
                path.Append(user);
                i += 6;
            }
            else
            {
                path.Append(rest[0]);
            }
        }

        return path.ToString();
    }
}
