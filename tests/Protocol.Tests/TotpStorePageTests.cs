using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>docs/formats/totp-store.md says behind each rule what shows it, and shows an entry.</summary>
public sealed partial class Given_the_page_about_the_store
{
    private static readonly string Root = FindRoot();

    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "formats", "totp-store.md"));

    [Fact]
    public void Every_test_and_vector_of_the_store_that_it_names_exists()
    {
        string[] vectors =
        [
            .. Vectors.Read("totp-store.json").GetProperty("cases").EnumerateArray()
                .Select(vector => vector.GetProperty("name").GetString()!),
        ];
        string[] tests =
        [
            .. Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*.cs", SearchOption.AllDirectories)
                .SelectMany(file => TestMethod().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups[1].Value),
        ];
        (string Kind, string Name)[] named =
        [
            .. Reference().Matches(Page).Select(match => (match.Groups[1].Value, match.Groups[2].Value))
                .Where(reference => reference.Item2 != "name"),
        ];

        Assert.True(named.Length > 70);
        Assert.All(named, reference => Assert.Contains(reference.Name, reference.Kind == "V" ? vectors : tests));
        Assert.Empty(vectors.Except(named.Select(reference => reference.Name)));
    }

    [Fact]
    public void The_page_shows_an_entry_that_is_one()
    {
        string shown = Block().Match(Page).Groups[1].Value;
        byte[] file = Entries.File(Entries.Entry());

        Assert.Equal(Encoding.UTF8.GetString(file, 0, TotpEnrolment.TextBytes).TrimEnd('\n'), shown.TrimEnd('\n'));
    }

    [GeneratedRegex("`([VT]):([^`]+)`")]
    private static partial Regex Reference();

    [GeneratedRegex("```\n(version.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"public (?:async Task|void) (\w+)\(")]
    private static partial Regex TestMethod();

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
