using System.Text;
using System.Text.Json;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>One line of vectors/google-authenticator.json: a state file, some logins, and what came of each.</summary>
internal sealed record Scenario(string Name, JsonElement Json)
{
    public static readonly string Vectors = Path.Combine(Built.Root, "vectors", "google-authenticator.json");

    public static IReadOnlyList<Scenario> All { get; } = Load();

    /// <summary>The state file before the first login, or null where there is none.</summary>
    public string? StateFile => Json.TryGetProperty("file", out JsonElement file) ? Expand(file) : null;

    public string? StatePath => Text("path");

    public string? Setup => Text("setup");

    public string Owner => Text("owner") ?? "user";

    public string Mode => Text("mode") ?? "0600";

    /// <summary>Ours means to do something else than what was recorded.</summary>
    public bool Differs => Json.TryGetProperty("sallyport", out _);

    /// <summary>Why: a heading of docs/reference/compatibility.md.</summary>
    public string? Why => Text("why");

    public IReadOnlyList<Attempt> Attempts { get; } =
        [.. Json.GetProperty("attempts").EnumerateArray().Select(a => new Attempt(a))];

    public static Scenario Named(string name) => All.Single(s => s.Name == name);

    /// <summary>The results under the first of these names that the scenario has.</summary>
    public IReadOnlyList<Outcome> Results(params string[] names) =>
        [.. Json.GetProperty(names.First(n => Json.TryGetProperty(n, out _))).EnumerateArray().Select(Outcome.Parse)];

    private static Scenario[] Load()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Vectors));
        return [.. document.RootElement.GetProperty("scenarios").EnumerateArray()
            .Select(s => new Scenario(s.GetProperty("name").GetString()!, s.Clone()))];
    }

    private static string? Expand(JsonElement file)
    {
        if (file.ValueKind is not JsonValueKind.Object)
        {
            return file.GetString();
        }

        var text = new StringBuilder(file.GetProperty("head").GetString());
        text.Insert(text.Length, file.GetProperty("line").GetString()!, file.GetProperty("count").GetInt32());
        return text.ToString().PadRight(file.GetProperty("size").GetInt32(), file.GetProperty("pad").GetString()![0]);
    }

    private string? Text(string name) =>
        Json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}

/// <summary>One login: the module's arguments, the answers, the clock.</summary>
internal sealed record Attempt(JsonElement Json)
{
    private const long DefaultTime = 1_000_000_000;

    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeSeconds(
        Json.TryGetProperty("t", out JsonElement t) ? t.GetInt64() : DefaultTime);

    public string User => Text("user") ?? "$USER";

    public string? RemoteHost => Text("rhost");

    public int? ConversationFails => Json.TryGetProperty("fail", out JsonElement fail) ? fail.GetInt32() : null;

    public IEnumerable<string> Arguments => List("args");

    public IEnumerable<string> Answers => List("answers");

    /// <summary>Lines of the PAM stack before the module's, and after it.</summary>
    public IEnumerable<string> Before => List("before");

    public IEnumerable<string> After => List("after");

    private string? Text(string name) =>
        Json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private IEnumerable<string> List(string name) => Json.TryGetProperty(name, out JsonElement list)
        ? list.EnumerateArray().Select(x => x.GetString()!)
        : [];
}
