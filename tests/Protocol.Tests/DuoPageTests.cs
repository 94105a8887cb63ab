using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>docs/formats/duo-*.md say behind each rule what shows it.</summary>
public sealed partial class Given_the_pages_about_Duos_protocol
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("duo-signature.md", 70)]
    [InlineData("duo-bson.md", 10)]
    public void Every_vector_and_test_that_they_name_exists(string page, int atLeast)
    {
        Dictionary<string, HashSet<string>> known = new()
        {
            ["V"] = Names(Vectors.Read("duo-signature.json").GetProperty("cases")),
            ["B"] = Names(Vectors.Read("duo-bson.json").GetProperty("documents")),
            ["T"] = TestNames(),
        };
        (string Kind, string Name)[] named =
        [
            .. Reference().Matches(File.ReadAllText(Path.Combine(Root, "docs", "formats", page)))
                .Select(match => (match.Groups[1].Value, match.Groups[2].Value))
                .Where(reference => reference.Item2 != "name"),
        ];

        Assert.True(named.Length >= atLeast, $"{named.Length}");
        Assert.All(named, reference => Assert.Contains(reference.Name, known[reference.Kind]));
    }

    [GeneratedRegex("`([VBT]):([^`]+)`")]
    private static partial Regex Reference();

    [GeneratedRegex(@"public (?:async Task|void) (\w+)\(")]
    private static partial Regex TestMethod();

    private static HashSet<string> Names(JsonElement cases) =>
        [.. cases.EnumerateArray().Select(vector => vector.GetProperty("name").GetString()!)];

    private static HashSet<string> TestNames() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Root, "tests", "Protocol.Tests"), "*.cs")
            .SelectMany(file => TestMethod().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value),
    ];

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sallyport.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException("Sallyport.slnx is in no folder above the tests.");
    }
}
