using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;
using Tools = Sallyport.EndToEnd.Harness.Tools;

namespace Sallyport.EndToEnd.CommandLine;

/// <summary>What a shell offers behind "sallyport".</summary>
public sealed class Given_the_completion_of_a_shell
{
    private const string Bash = """
        source eng/completion/sallyport
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _sallyport
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    // fish asks about a whole line, and tells what each word is for behind a TAB.
    private const string Fish = """
        source eng/completion/sallyport.fish
        complete -C "$argv"
        """;

    // Without a terminal zsh completes nothing; what the function hands to the completion system is looked at instead.
    private const string Zsh = """
        _arguments() { shift 2; print -l -- "$@" }
        _describe() { print -l -- "${(@P)4}" }
        eval "complete_sallyport() { $(<eng/completion/sallyport.zsh)
        }"
        words=("$@") CURRENT=$#
        complete_sallyport
        """;

    [Theory]
    [InlineData("bash")]
    [InlineData("fish")]
    [InlineData("zsh")]
    public async Task It_offers_each_command(string shell)
    {
        string[] offered = await OfferedAsync(shell, "");

        Assert.Equal(
            [.. (await HelpText.CommandsAsync()).Append("help").Order(StringComparer.Ordinal)],
            offered.Where(word => word[0] != '-'));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("fish")]
    [InlineData("zsh")]
    public async Task It_offers_the_options_of_each_command_and_no_others(string shell)
    {
        foreach (string command in await HelpText.CommandsAsync())
        {
            string[] offered = await OfferedAsync(shell, command, "-");

            Assert.Equal(
                (command, await OptionsAsync(command)), (command, Joined(offered.Where(word => word[0] == '-'))));
        }
    }

    [Theory]
    [InlineData("status", "roo")]
    [InlineData("codes", "-n", "3", "roo")]
    [InlineData("invite", "--expires", "=", "48h", "roo")]
    [InlineData("export-ga", "--force", "roo")]
    [InlineData("import-ga", "nobody", "roo")]
    [InlineData("enroll", "--user", "roo")]
    [InlineData("enroll", "--user", "=", "roo")]
    public async Task Bash_offers_accounts_where_one_is_wanted(params string[] words)
    {
        Assert.Equal(["root"], await OfferedAsync("bash", words));
    }

    [Theory]
    [InlineData("status", "nobody", "")]
    [InlineData("invite", "nobody", "-")]
    [InlineData("invite", "--expires", "")]
    [InlineData("enroll", "-l", "roo")]
    public async Task Bash_offers_nothing_where_nothing_can_be_said(params string[] words)
    {
        Assert.Empty(await OfferedAsync("bash", words));
    }

    [Theory]
    [InlineData("-Q", "UTF8_")]
    [InlineData("--qr-mode", "=", "UTF8_")]
    public async Task Bash_offers_the_ways_to_draw_a_code(params string[] words)
    {
        Assert.Equal(["UTF8_GREY", "UTF8_INVERSE"], await OfferedAsync("bash", ["enroll", .. words]));
    }

    [Fact]
    public async Task Every_way_to_draw_a_code_that_bash_offers_is_one()
    {
        string[] modes = await OfferedAsync("bash", "enroll", "-Q", "");

        Assert.Equal(7, modes.Length);
        foreach (string mode in modes)
        {
            Command tried = await Command.RunAsync(Built.Command, ["enroll", "-Q", mode, "--~"]);
            Assert.DoesNotContain("qr-mode", tried.Error.Split('\n')[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_person_at_a_terminal_gets_the_rest_by_the_tab_key()
    {
        Tools.MustBeThere("expect");
        const string typed = """
            set timeout 20
            spawn -noecho bash --norc -i
            send "source eng/completion/sallyport\r"
            send "sallyport enr\t--qr-m\tUTF8_I\t"
            expect "sallyport enroll --qr-mode=UTF8_INVERSE " { exit 0 } timeout { exit 1 }
            """;

        (await Command.RunAsync("expect", ["-c", typed])).Succeeded();
    }

    // As one text, a failure shows all of it.
    private static string Joined(IEnumerable<string> words) => string.Join(' ', words);

    private static async Task<string> OptionsAsync(string command) => Joined(await HelpText.OptionsAsync(command));

    private static async Task<string[]> OfferedAsync(string shell, params string[] words)
    {
        Tools.MustBeThere(shell);
        string[] all = ["sallyport", .. words];
        string[] arguments = shell switch
        {
            "bash" => ["--norc", "-c", Bash, "bash", .. all],
            "zsh" => ["-f", "-c", Zsh, "zsh", .. all],
            _ => ["--no-config", "-c", Fish, .. all],
        };
        Command said = (await Command.RunAsync(shell, arguments)).Succeeded();
        Assert.Equal("", said.Error);

        // Behind a name zsh has what it is for, and before it what it excludes; "=" and "+" say that a value follows.
        return
        [
            .. said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => Regex.Match(line, @"^(?:\([^)]*\))?([\w-]+)").Groups[1].Value)
                .Where(word => word.Length > 0)
                .Distinct().Order(StringComparer.Ordinal),
        ];
    }
}
