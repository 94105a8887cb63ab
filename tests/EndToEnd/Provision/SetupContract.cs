namespace Sallyport.EndToEnd.Provision;

/// <summary>The part of `sallyport setup` that machines call, so that user-data and role cannot drift from it.</summary>
internal static class SetupContract
{
    public static readonly string[] Options =
    [
        "--ask", "--exempt", "--enrolment", "--after-enrolment", "--break-glass", "--root-owned-keys", "--bastion",
        "--hop-from", "--hop", "--force-command", "--yes",
    ];

    /// <summary>A program that writes down its name and arguments, a line a call, with tabs between.</summary>
    public const string Recorder = """
        #!/bin/sh
        { printf '%s' "${0##*/}"; for argument; do printf '\t%s' "$argument"; done; echo; } >>/run/recorded

        """;

    public static IEnumerable<string> OptionsIn(IEnumerable<string> arguments) =>
        arguments.Where(argument => argument.StartsWith('-')).Select(argument => argument.Split('=')[0]);
}
