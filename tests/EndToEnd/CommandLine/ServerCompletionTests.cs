using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.CommandLine;

/// <summary>What bash offers behind "sallyport-server", held against the help of the built program.</summary>
public sealed partial class Given_the_completion_of_the_server
{
    private const string Bash = """
        source eng/completion/sallyport-server
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _sallyport_server
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    [Fact]
    public async Task It_offers_each_command_and_the_options_of_each_and_no_others()
    {
        await CompareAsync([]);
    }

    [Theory]
    [InlineData("text", "serve", "--log", "t")]
    [InlineData("json", "serve", "--log", "=", "j")]
    [InlineData("no yes", "application", "set", "bastion", "--legacy-clients", "")]
    [InlineData("--groups", "application", "add", "bastion", "--legacy-clients", "--g")]
    [InlineData("no", "user", "set", "alice", "--bypass", "n")]
    [InlineData("simple", "application", "add", "bastion", "--usernames", "s")]
    [InlineData("bypass", "application", "set", "bastion", "--factors", "b")]
    [InlineData("add-hotp add-phone add-totp", "device", "add-")]
    [InlineData("always", "application", "set", "bastion", "--number-matching", "a")]
    [InlineData("no yes", "application", "add", "bastion", "--terminal-devices", "")]
    [InlineData("push", "application", "add", "bastion", "--factors", "pu")]
    [InlineData("eng/booted-root.sh", "verify-approval", "eng/boot")]
    [InlineData("eng/completion", "check", "--data", "eng/comp")]
    [InlineData("eng/booted-root.sh", "restore", "eng/boot")]
    [InlineData("eng/booted-root.sh", "device", "add-totp", "alice", "--secret-file", "eng/boot")]
    public async Task It_offers_what_a_word_can_become(string offered, params string[] words)
    {
        Assert.Equal(offered, string.Join(' ', await OfferedAsync(words)));
    }

    [Theory]
    [InlineData("user", "add", "--alias", "")]
    [InlineData("frobnicate", "--l")]
    public async Task It_offers_nothing_where_nothing_can_be_said(params string[] words)
    {
        Assert.Empty(await OfferedAsync(words));
    }

    private static async Task CompareAsync(string[] above)
    {
        string help = (await Command.RunAsync(Built.Server, [.. above, "--help"])).Succeeded().Output;
        int list = help.IndexOf("\nCommands:\n", StringComparison.Ordinal);
        string[] commands = [.. list < 0 ? [] : Listed().Matches(help[list..]).Select(m => m.Groups[1].Value)];
        IEnumerable<string> options = Long().Matches(help).Select(m => m.Groups[1].Value);

        Assert.Equal(
            string.Join(' ', commands.Concat(options).Order(StringComparer.Ordinal)),
            string.Join(' ', (await OfferedAsync([.. above, ""])).Union(await OfferedAsync([.. above, "-"]))
                .Where(word => above is not ["backup" or "restore" or "verify-approval"] || word[0] == '-').Order(StringComparer.Ordinal)));
        foreach (string command in commands)
        {
            await CompareAsync([.. above, command]);
        }
    }

    private static async Task<string[]> OfferedAsync(params string[] words)
    {
        Command said = (await Command.RunAsync("bash", ["--norc", "-c", Bash, "bash", "sallyport-server", .. words])).Succeeded();
        Assert.Equal("", said.Error);
        return [.. said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"^  ([a-z][a-z-]*) ", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@"^  (?:[^ ]+, )*(--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Long();
}
