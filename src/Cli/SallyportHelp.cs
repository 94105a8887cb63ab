namespace Sallyport.Cli;

/// <summary>What sallyport says of itself.</summary>
internal static class SallyportHelp
{
    /// <summary>sysexits.h, EX_USAGE</summary>
    public const int UsageError = 64;

    public const string Text = """
        usage: sallyport COMMAND [OPTION...]

          enroll --home-file    make a secret for an authenticator app, and the file in
                                the home folder that logins are checked against

        sallyport COMMAND --help tells the options of a command.

        """;
}
