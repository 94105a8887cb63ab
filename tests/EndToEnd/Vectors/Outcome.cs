using System.Text.Json;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>What came of one login. State: "unchanged", "none", "symlink", or mode, owner and text.</summary>
internal sealed record Outcome(
    int Code, IReadOnlyList<string> Conversation, IReadOnlyList<string> Log, string State)
{
    public const string Unchanged = "unchanged";

    /// <summary>Long files are told by their length, in the vectors too.</summary>
    private const int LongestText = 4096;

    /// <summary>The log as it was written; not compared.</summary>
    public IReadOnlyList<string> Syslog { get; init; } = [];

    public static Outcome Parse(JsonElement json) => new(
        json.GetProperty("rc").GetInt32(),
        Strings(json.GetProperty("conv")),
        Strings(json.GetProperty("log")),
        ParseState(json.GetProperty("state")));

    public static string DescribeState(string mode, string owner, string text) =>
        $"{mode} {owner} {(text.Length < LongestText ? text : $"{text.Length} bytes")}";

    public string ToText() => $"{Code}; {string.Join(" | ", Conversation)}; {string.Join(", ", Log)}; {State}";

    /// <summary>Compares with what was seen, and says each difference in one string.</summary>
    public IEnumerable<string> DifferencesTo(Outcome seen, string stateBefore)
    {
        string state = State == Unchanged ? stateBefore : State;
        (string What, string Want, string Got)[] parts =
        [
            ("return code", $"{Code}", $"{seen.Code}"),
            ("conversation", string.Join(" | ", Conversation), string.Join(" | ", seen.Conversation)),
            ("log", string.Join(", ", Log), string.Join(", ", seen.Log)),
            ("state", state, seen.State),
        ];
        return parts.Where(p => p.Want != p.Got).Select(p => $"{p.What}: want [{p.Want}] got [{p.Got}]");
    }

    /// <summary>
    /// Debug lines count as one: whether there are any. What they say is the business of each implementation.
    /// </summary>
    public Outcome WithDebugLinesAsOne() => this with
    {
        Log = [.. Log.Where(l => l != LogLine.Debug), .. Log.Where(l => l == LogLine.Debug).Take(1)],
    };

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(x => x.GetString()!)];

    private static string ParseState(JsonElement state) => state.ValueKind switch
    {
        JsonValueKind.Null => "none",
        JsonValueKind.String => state.GetString()!,
        _ when state.TryGetProperty("kind", out _) => "symlink",
        _ => DescribeState(
            state.GetProperty("mode").GetString()!,
            state.GetProperty("owner").GetString()!,
            state.GetProperty("text").GetString()!),
    };
}
