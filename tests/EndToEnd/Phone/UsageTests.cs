using Sallyport.EndToEnd.Dev;

namespace Sallyport.EndToEnd.Phone;

/// <summary>A wrong command line of sallyport phone is 64, and asks no server.</summary>
public sealed class Given_a_wrong_command_line_of_the_phone
{
    private const string Code = PhoneHolder.Code;

    [Theory]
    [InlineData("activate, list, watch, approve, deny, rename or remove")]
    [InlineData("activate, list, watch, approve, deny, rename or remove", "aprove")]
    [InlineData("the server and a code is missing", "activate")]
    [InlineData("the server and a code is missing", "activate", "localhost")]
    [InlineData("unexpected argument 'more'", "activate", "localhost", Code, "more")]
    [InlineData("NAME or NAME:PORT", "activate", "https://localhost/", Code)]
    [InlineData("NAME or NAME:PORT", "activate", "localhost:0", Code)]
    [InlineData("NAME or NAME:PORT", "activate", "localhost:65536", Code)]
    [InlineData("NAME or NAME:PORT", "activate", "user@localhost", Code)]
    [InlineData("NAME or NAME:PORT", "activate", "[::1]", Code)]
    [InlineData("a code has 20 letters and digits", "activate", "localhost", "abcd")]
    [InlineData("a code has 20 letters and digits", "activate", "localhost", "abcd_efgh_jklm_npqr_stuv")]
    [InlineData("visible characters", "activate", "localhost", Code, "--name=")]
    [InlineData("visible characters", "rename", "a\nb")]
    [InlineData("a name is missing", "rename")]
    [InlineData("unexpected argument 'x'", "list", "x")]
    [InlineData("unexpected argument 'y'", "approve", "x", "y")]
    [InlineData("--number is not for that", "deny", "--number=12")]
    [InlineData("--not-me is not for that", "approve", "--not-me")]
    [InlineData("--ca is not for that", "list", "--ca=x")]
    [InlineData("--name is not for that", "rename", "--name=x")]
    [InlineData("--number takes 2 to 6 digits", "approve", "--number=1")]
    [InlineData("--number takes 2 to 6 digits", "approve", "--number=12x")]
    [InlineData("--number takes 2 to 6 digits", "approve", "--number=1234567")]
    [InlineData("a file has a name", "list", "--file=")]
    [InlineData("unrecognized option '--yes'", "remove", "--yes")]
    public async Task It_is_told_with_the_usage(string words, params string[] command)
    {
        await using PhoneHolder alice = new();

        Command refused = await alice.RunAsync(command);

        Assert.Equal(64, refused.ExitCode);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.Contains("usage: sallyport phone activate", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(alice.KeyFile)));
    }
}
