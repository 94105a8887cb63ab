namespace Sallyport.Cli.HomeFile;

/// <summary>What --help and --version print.</summary>
internal static class EnrolmentHelp
{
    /// <summary>The version whose options and files these are.</summary>
    public const string Version = "google-authenticator 1.11 (Sallyport)\n";

    private const string Options = """
         -h, --help                  this text
             --version               which google-authenticator this equals
         -c, --counter-based         passcodes by a counter (HOTP)
         -t, --time-based            passcodes by the clock (TOTP)
         -C, --no-confirm            ask for no passcode from the app: for scripts
         -d, --disallow-reuse        each passcode logs in once
         -D, --allow-reuse           a passcode logs in as often as it is right
         -f, --force                 write the file without asking
         -l, --label=LABEL           the account that the app shows (USER@HOST)
         -i, --issuer=ISSUER         the host or service that the app shows (HOST)
         -q, --quiet                 show no secret and no code, and confirm none
         -Q, --qr-mode=MODE          how the QR code is drawn: NONE, ANSI, ANSI_INVERSE,
                                     ANSI_GREY, UTF8, UTF8_INVERSE, UTF8_GREY
         -r, --rate-limit=N          at most N attempts (1..10)
         -R, --rate-time=M           in M seconds (15..600)
         -u, --no-rate-limit         as many attempts as anybody likes
         -s, --secret=FILE           the file, if not ~/.google_authenticator
         -S, --step-size=S           a new passcode every S seconds (1..60)
         -w, --window-size=W         how many passcodes are accepted (1..21)
         -W, --minimal-window        the smallest window: 3 by the clock, 1 by counter
         -e, --emergency-codes=N     how many recovery codes to make (0..10)

        """;

    public static string For(bool enroll) => enroll
        ? $"""
        usage: sallyport enroll [OPTION...]
        Enrols in the root-only store. With an invitation you enrol yourself; options
        other than -Q are root's.
             --user=NAME             whom (root only)
             --digits=N              digits of a passcode (6..8)
             --algorithm=NAME        sha1, sha256 or sha512; many apps know sha1 only
             --home-file             enrol into a file in the home folder instead
             --socket=PATH           the agent, if not /run/sallyport/agent.sock
             --config=FILE           where no agent runs: its configuration
        {Options}
        """
        : $"""
        usage: google-authenticator [OPTION...]
        {Options}
        """;
}
