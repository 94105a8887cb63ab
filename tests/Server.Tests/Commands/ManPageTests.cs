using System.Text.RegularExpressions;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Commands;

/// <summary>eng/man/sallyport-server.8 and the reference, held against the program: nothing is left out or invented.</summary>
public sealed partial class ManPageTests
{
    private static readonly string _page = File.ReadAllText(
        Path.Combine(SliceDependencyTests.RepositoryRoot(), "eng", "man", "sallyport-server.8")).Replace("\\-", "-");

    [Fact]
    public async Task Each_command_has_its_part_with_its_options_and_no_others()
    {
        List<string> seen = [];
        foreach (string command in await CommandsAsync([]))
        {
            string[] known = [.. (await OptionsAsync(command.Split(' '))).Except(
                command is "serve" or "init" or "restore" ? ServerSettings.Keys.Select(key => "--" + key) : [])];
            seen.Add($"{command}: {string.Join(' ', known)}");
        }

        string[] described = [.. Part().Matches(Section("COMMANDS")).Select(part =>
            $"{part.Groups["name"].Value}: {string.Join(' ', OptionsIn(part.Groups["text"].Value))}")];
        Assert.Equal(seen.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_setting_is_an_option_and_stands_in_the_page_and_in_the_reference()
    {
        string[] keys = [.. ServerSettings.Keys.Order(StringComparer.Ordinal)];
        string reference = await File.ReadAllTextAsync(
            Path.Combine(SliceDependencyTests.RepositoryRoot(), "docs", "reference", "server-settings.md"),
            TestContext.Current.CancellationToken);
        string table = reference[..reference.IndexOf("`--data", StringComparison.Ordinal)];

        Assert.Equal(keys.Select(key => "--" + key), OptionsIn(Section("SETTINGS")));
        Assert.Equal(keys, Row().Matches(table).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
        foreach (string command in (string[])["serve", "init", "restore"])
        {
            Assert.Equal(keys.Select(key => "--" + key), await OptionsAsync([command]));
        }
    }

    private static async Task<List<string>> CommandsAsync(string[] above)
    {
        string help = await HelpAsync(above);
        int list = help.IndexOf("\nCommands:\n", StringComparison.Ordinal);
        if (list < 0)
        {
            return [string.Join(' ', above)];
        }

        List<string> all = [];
        foreach (Match command in Listed().Matches(help[list..]))
        {
            all.AddRange(await CommandsAsync([.. above, command.Groups[1].Value]));
        }

        return all;
    }

    private static async Task<string[]> OptionsAsync(string[] command) =>
    [
        .. Long().Matches(await HelpAsync(command)).Select(option => option.Groups[1].Value)
            .Except(["--help", "--version", "--data"]).Order(StringComparer.Ordinal),
    ];

    private static async Task<string> HelpAsync(string[] command) =>
        (await Installation.RunWithAsync([.. command, "--help"])).Done().Output;

    private static string Section(string title)
    {
        int begin = _page.IndexOf($".Sh {title}\n", StringComparison.Ordinal);
        return _page[begin.._page.IndexOf("\n.Sh ", begin + 1, StringComparison.Ordinal)] + "\n";
    }

    private static string[] OptionsIn(string text) =>
        [.. Item().Matches(text).Select(item => "-" + item.Groups[1].Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^\.Ss (?<name>[a-z-]+(?: [a-z-]+)?)(?: (?:Ar|Op) .*)?$(?<text>[\s\S]*?)(?=^\.Ss |\z)", RegexOptions.Multiline)]
    private static partial Regex Part();

    [GeneratedRegex(@"^\.It Fl (-[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Item();

    [GeneratedRegex(@"^  ([a-z][a-z-]*) ", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@"^  (--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Long();

    [GeneratedRegex(@"^\| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
