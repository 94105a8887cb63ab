using System.Text.RegularExpressions;

namespace Sallyport.Server.Tests;

/// <summary>
/// Tests that show a fact about Duo's clients have its number in their name: 0 are the ten that shape the design, 7 what
/// a server must do. 7.12 is about an interface for administrators, which there is none of yet.
/// </summary>
public sealed partial class FactNumberTests
{
    public static TheoryData<string> Facts =>
        [.. Enumerable.Range(1, 9).Select(n => $"0_{n}"), .. Enumerable.Range(1, 11).Select(n => $"7_{n}")];

    [Theory]
    [MemberData(nameof(Facts))]
    public void Each_has_a_test(string fact)
    {
        string tests = Path.Combine(SliceDependencyTests.RepositoryRoot(), "tests");
        IEnumerable<string> numbers =
            from file in Directory.EnumerateFiles(tests, "*Tests.cs", SearchOption.AllDirectories)
            from Match name in Name().Matches(File.ReadAllText(file))
            from Match number in Number().Matches(name.Value)
            select number.Value;

        Assert.Contains(fact, numbers);
    }

    [GeneratedRegex(@"(?<=(Task|void) Facts_)\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<![0-9])[0-9]_[0-9]+")]
    private static partial Regex Number();
}
