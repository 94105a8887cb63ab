using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.CommandLine;

/// <summary>The commands and options of sallyport, as the built program tells them.</summary>
internal static class HelpText
{
    public static async Task<string[]> CommandsAsync()
    {
        Command help = (await Command.RunAsync(Built.Command, ["--help"])).Succeeded();
        string[] commands =
        [
            .. Regex.Matches(help.Output, "^  ([a-z][a-z-]*) ", RegexOptions.Multiline).Select(m => m.Groups[1].Value),
        ];
        Assert.NotEmpty(commands);
        return commands;
    }

    /// <summary>Those of one command: "-n", "--count". Every one takes -h and --help, listed or not.</summary>
    public static async Task<string[]> OptionsAsync(string command)
    {
        Command help = (await Command.RunAsync(Built.Command, [command, "--help"])).Succeeded();
        string[] listed =
        [
            .. from line in help.Output.Split('\n')
               where line.TrimStart().StartsWith('-')
               from option in line.Trim().Split("  ")[0].Split(", ")
               select option.Split('=')[0],
        ];
        Assert.NotEmpty(listed);
        return [.. listed.Union(["-h", "--help"]).Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether the command knows it. The word behind it is wrong always, so that nothing is done.</summary>
    public static async Task<bool> IsKnownAsync(string command, string option)
    {
        bool isName = option.StartsWith("--", StringComparison.Ordinal);
        Command tried = await Command.RunAsync(Built.Command, [command, option + (isName ? "=~" : "~"), "--~"]);
        return !tried.Error.Contains(
            isName ? $"unrecognized option '{option}" : $"invalid option -- '{option[1]}'", StringComparison.Ordinal);
    }
}
