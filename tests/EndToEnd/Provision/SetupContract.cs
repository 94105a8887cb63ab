using Sallyport.EndToEnd.CommandLine;

namespace Sallyport.EndToEnd.Provision;

/// <summary>What the built setup takes, so that user-data, role and page cannot drift from it.</summary>
internal static class SetupContract
{
    public static Task<string[]> OptionsAsync() => HelpText.OptionsAsync("setup");

    /// <summary>A program that writes down its name and arguments, a line a call, with tabs between.</summary>
    public const string Recorder = """
        #!/bin/sh
        { printf '%s' "${0##*/}"; for argument; do printf '\t%s' "$argument"; done; echo; } >>/run/recorded

        """;

    public static IEnumerable<string> OptionsIn(IEnumerable<string> arguments) =>
        arguments.Where(argument => argument.StartsWith('-')).Select(argument => argument.Split('=')[0]);
}
