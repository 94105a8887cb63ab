using System.Text.RegularExpressions;

namespace Sallyport.Server.Tests;

public sealed partial class DependencyTests
{
    [Fact]
    public async Task Each_package_stands_in_the_decision_with_its_version_and_no_other_does()
    {
        string root = SliceDependencyTests.RepositoryRoot();
        string packages = await File.ReadAllTextAsync(
            Path.Combine(root, "Directory.Packages.props"), TestContext.Current.CancellationToken);
        string decision = await File.ReadAllTextAsync(
            Path.Combine(root, "docs", "decisions", "0004-dependencies.md"), TestContext.Current.CancellationToken);

        Assert.Equal(
            Pinned().Matches(packages).Select(p => $"{p.Groups[1].Value} {p.Groups[2].Value}").Order(StringComparer.Ordinal),
            Row().Matches(decision).Select(r => $"{r.Groups[1].Value} {r.Groups[2].Value}").Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\" Version=\"([^\"]+)\" />")]
    private static partial Regex Pinned();

    // "| xunit.v3 (`xunit.v3.mtp-v2`) | 4.0.2 |": what is in code font is the package.
    [GeneratedRegex(@"^\| (?:[\w.]+ \(`)?([\w.-]+)(?:`\))? \| (\d[\w.-]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
