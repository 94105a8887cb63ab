using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Vectors;

public sealed partial class Given_the_compatibility_page
{
    [Fact]
    public void It_names_the_scenarios_that_differ_each_under_its_reason()
    {
        var documented =
            from Match section in Section().Matches(Page())
            from Match scenario in Item().Matches(section.Groups["body"].Value)
            select (Why: section.Groups["title"].Value, Name: scenario.Groups["name"].Value);
        var expected =
            from scenario in Scenario.All
            where scenario.Differs
            select (Why: scenario.Why ?? "", scenario.Name);

        Assert.Equal(expected.Order(), documented.Order());
    }

    [Fact]
    public void A_scenario_said_to_differ_does()
    {
        var same =
            from scenario in Scenario.All
            where scenario.Differs
            let ours = scenario.Results("sallyport").Select(o => o.ToText())
            let theirs = scenario.Results("recorded", "recorded-1.08").Select(o => o.ToText())
            where ours.SequenceEqual(theirs)
            select scenario.Name;

        Assert.Empty(same);
    }

    [Fact]
    public void Nothing_recorded_is_lost()
    {
        Assert.Equal(164, Scenario.All.Count(s => s.Json.TryGetProperty("recorded", out _)));
        Assert.Distinct(Scenario.All.Select(s => s.Name));
    }

    private static string Page() =>
        File.ReadAllText(Path.Combine(Built.Root, "docs", "reference", "compatibility.md"));

    [GeneratedRegex(@"^### (?<title>.+)$(?<body>(?:\n(?!#).*)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex("^- `(?<name>.+)`$", RegexOptions.Multiline)]
    private static partial Regex Item();
}
