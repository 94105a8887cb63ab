using System.Text.RegularExpressions;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>Puts a syslog datagram into the class that log readers can tell apart, such as "err A_BAD".</summary>
internal static partial class LogLine
{
    public const string Debug = "info D_DEBUG";

    private const int AuthPriv = 10;

    private static readonly string[] Priorities =
        ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

    private static readonly (string Class, string Pattern)[] Classes =
    [
        ("A_OK", "^Accepted google_authenticator for "),
        ("A_BAD", "^Invalid verification code for "),
        ("A_NOSECRET", "^No secret configured for user "),
        ("A_GRACE", "^within grace period: "),
        ("R_LIMIT", "^Too many concurrent login attempts"),
        ("R_BADLIST", "^Invalid list of timestamps in RATE_LIMIT"),
        ("R_BADCFG", "^Invalid RATE_LIMIT option"),
        ("C_REUSE", "^Trying to reuse a previously used time-based code"),
        ("C_WINDOW", "^Invalid WINDOW_SIZE option"),
        ("C_STEP", "^Invalid STEP_SIZE option"),
        ("C_EMPTY", "^Did not receive verification code from user"),
        ("C_DUMMY", "^Dummy password supplied by PAM"),
        ("F_READ", "^Failed to read "),
        ("F_TYPE", "is not a regular file"),
        ("F_PERM", "are more permissive than"),
        ("F_OWNER", "must be owned by"),
        ("F_SIZE", "^Invalid file size for"),
        ("F_NUL", "^Invalid file contents in"),
        ("F_SECRET", "^Could not find a valid BASE32 encoded secret in"),
        ("W_TMP", "^Failed to create tempfile"),
        ("W_CHANGED", "changed while trying to use"),
        ("W_FAIL", "^Failed to update secret file"),
        ("G_LAST", "^Malformed LAST. line"),
        ("G_STORE", "^Failed to store grace_period timestamp"),
        ("O_UNKNOWN", "^Unrecognized option"),
        ("O_PERM", "^Invalid permissions in setting"),
        ("O_GRACE", "^Invalid value in setting"),
        ("O_USER", "^Failed to look up user"),
        ("U_NOTFOUND", @"^user\(.*\) not found"),
        ("U_HOME", "^Home dir in 'secret' not implemented when 'user' set"),
        ("D_DEBUG", "^debug: "),
    ];

    /// <summary>Null for a line that is not the module's: pam_unix in the same stack writes too.</summary>
    public static string? Classify(string datagram)
    {
        Match line = Datagram().Match(datagram);
        if (!line.Success)
        {
            return null;
        }

        int priority = int.Parse(line.Groups["priority"].ValueSpan);
        string text = line.Groups["text"].Value;
        string name = Classes.FirstOrDefault(c => Regex.IsMatch(text, c.Pattern)).Class ?? $"OTHER {text}";
        string facility = priority >> 3 == AuthPriv ? "" : $" facility {priority >> 3}";
        return $"{Priorities[priority & 7]} {name}{facility}";
    }

    // Debian's 1.08 has the long name, 1.11 and ours the short one.
    [GeneratedRegex(
        @"^<(?<priority>\d+)>\w+ +\d+ [\d:]+ under-test\(pam_google_auth(?:enticator)?\)\[\d+\]: (?<text>.*)",
        RegexOptions.Singleline)]
    private static partial Regex Datagram();
}
