using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>docs/formats/state-file.md says behind each rule what shows it.</summary>
public sealed partial class Given_the_page_about_the_state_file
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void Every_case_and_test_that_it_names_exists()
    {
        string page = File.ReadAllText(Path.Combine(Root, "docs", "formats", "state-file.md"));
        Dictionary<string, HashSet<string>> known = new()
        {
            ["V"] = Names(Vectors.Read("state-file.json").GetProperty("cases")),
            ["R"] = Names(Vectors.Read("google-authenticator.json").GetProperty("scenarios")),
            ["T"] = TestNames(),
        };
        (string Kind, string Name)[] named =
            [.. Reference().Matches(page).Select(match => (match.Groups[1].Value, match.Groups[2].Value)).Where(r => r.Item2 != "name")];

        Assert.True(named.Length > 100);
        Assert.All(named, reference => Assert.Contains(reference.Name, known[reference.Kind]));
    }

    [GeneratedRegex("`([VRT]):([^`]+)`")]
    private static partial Regex Reference();

    [GeneratedRegex(@"public (?:async Task|void) (\w+)\(")]
    private static partial Regex TestMethod();

    private static HashSet<string> Names(JsonElement cases) =>
        [.. cases.EnumerateArray().Select(vector => vector.GetProperty("name").GetString()!)];

    private static HashSet<string> TestNames() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*.cs", SearchOption.AllDirectories)
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

        return folder?.FullName ?? throw new InvalidOperationException("Sallyport.slnx is in no folder above the tests.");
    }
}
