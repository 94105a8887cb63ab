using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <summary>
/// What each command says, word for word, in transcripts/. Keys, codes and times are replaced by what they are. What
/// was seen instead is left below artifacts/transcripts.
/// </summary>
public sealed partial class TranscriptTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public Task Administration(DatabaseKind kind) => FollowAsync("administration.txt", kind);

    [Fact]
    public Task Refusals() => FollowAsync("refusals.txt", DatabaseKind.Sqlite);

    [Fact]
    public Task Help() => FollowAsync("help.txt", DatabaseKind.Sqlite);

    private static async Task FollowAsync(string name, DatabaseKind kind)
    {
        string root = SliceDependencyTests.RepositoryRoot();
        string path = Path.Combine(root, "tests", "Server.Tests", "Commands", "transcripts", name);
        string expected = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await using Installation installation = await Installation.EmptyAsync(kind);
        installation.FileOf("hotp", "3132333435363738393031323334353637383930\n");
        installation.FileOf("totp", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n");
        installation.FileOf("garbage", "no secret\n");
        StringBuilder seen = new();
        foreach (string line in expected.Split('\n').Where(line => line.StartsWith("$ ", StringComparison.Ordinal)))
        {
            string[] words = [.. Word().Matches(line[2..]).Skip(1)
                .Select(word => word.Value.Trim('\'').Replace("FOLDER", installation.Folder, StringComparison.Ordinal))];
            string[] database = words[0] is "init" or "restore" && !words.Contains("--postgres") ? installation.Database : [];
            Said said = await installation.RunAsync([.. words, .. database]);
            seen.Append(line).Append('\n').Append(Mask(said.Output, installation));
            seen.Append(string.Concat(Mask(said.Error, installation).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(error => $"! {error}\n")));
            seen.Append(said.Code == 0 ? "" : $"[{said.Code}]\n").Append('\n');
        }

        if (seen.ToString() != expected)
        {
            string folder = Directory.CreateDirectory(Path.Combine(root, "artifacts", "transcripts")).FullName;
            await File.WriteAllTextAsync(
                Path.Combine(folder, name), seen.ToString(), TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, seen.ToString());
    }

    private static string Mask(string text, Installation installation)
    {
        string masked = text.Replace(installation.Folder, "FOLDER", StringComparison.Ordinal)
            .Replace(RootCommand.ExecutableName, "sallyport-server", StringComparison.Ordinal)
            .Replace(RootCommand.ExecutablePath, "sallyport-server", StringComparison.Ordinal);
        masked = Instant().Replace(masked, "[date and time ]"); // as wide as it is
        masked = PublicKey().Replace(masked, key => key.Value[..2] + new string('.', 18));
        masked = SecretKey().Replace(masked, "skey = [40 characters]");
        masked = BypassCode().Replace(masked, "[16 digits in groups]");
        masked = ActivationCode().Replace(masked, "[20 characters in groups]");
        return Secret().Replace(masked, "secret=[base32]");
    }

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\dZ")]
    private static partial Regex Instant();

    [GeneratedRegex(@"\bD[A-Z][A-Z0-9]{18}\b")]
    private static partial Regex PublicKey();

    [GeneratedRegex(@"skey = [A-Za-z0-9]{40}\b")]
    private static partial Regex SecretKey();

    [GeneratedRegex(@"\b\d{4} \d{4} \d{4} \d{4}\b")]
    private static partial Regex BypassCode();

    [GeneratedRegex(@"\b[A-Z2-9]{4}(-[A-Z2-9]{4}){4}\b")]
    private static partial Regex ActivationCode();

    [GeneratedRegex("secret=[A-Z2-7]{32}")]
    private static partial Regex Secret();
}
