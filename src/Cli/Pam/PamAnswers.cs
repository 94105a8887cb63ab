namespace Sallyport.Cli.Pam;

/// <summary>What the modules of a stack may answer to somebody who has, or has not, what they ask for.</summary>
internal static class PamAnswers
{
    public const string OurModule = "pam_sallyport";

    private static readonly string[] _yes = ["success"];
    private static readonly string[] _refusals = PamControl.Refusals;
    private static readonly string[] _ours = ["auth_err", "perm_denied", "authinfo_unavail"];
    private static readonly string[] _any = ["success", "ignore", .. PamControl.Refusals];
    private static readonly string[] _harmless = ["success", "ignore"];

    // They ask for a password that the account has somewhere.
    private static readonly HashSet<string> _passwords =
    [
        "pam_unix", "pam_unix2", "pam_pwdb", "pam_sss", "pam_ldap", "pam_krb5", "pam_winbind", "pam_systemd_home",
        "pam_ecryptfs", "pam_fprintd", "pam_google_authenticator", "pam_oath", "pam_duo", "pam_u2f", "pam_yubico", "pam_radius_auth",
    ];

    /// <summary>Who fails at our module; all others may say what they like.</summary>
    public static IEnumerable<string> Unproven(PamLine line) => line.Name == OurModule ? _ours : Any(line);

    /// <summary>Who has no factor where nullok stands: our module keeps out of it.</summary>
    public static IEnumerable<string> Unenrolled(PamLine line) =>
        line.Name != OurModule ? Any(line) : line.Arguments.Contains("nullok") ? ["ignore"] : _ours;

    /// <summary>Who passes our module; all others may say what they like.</summary>
    public static IEnumerable<string> Proven(PamLine line) => line.Name == OurModule ? _yes : Any(line);

    /// <summary>Who passes our module and knows no password.</summary>
    public static IEnumerable<string> WithoutPassword(PamLine line) =>
        line.Name == OurModule ? _yes
        : _passwords.Contains(line.Name) ? _refusals
        : Any(line) is var any && any == _any ? _harmless : any;

    private static string[] Any(PamLine line) => line.Name switch
    {
        PamLine.Substack => ["ignore"],
        "pam_permit" => _yes,
        "pam_deny" => _refusals,
        "pam_env" or "pam_faildelay" or "pam_group" => _harmless,
        _ => _any,
    };
}
