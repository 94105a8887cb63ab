using System.Text;
using System.Text.Json;

namespace Sallyport.Cli.Doctor;

/// <summary>The findings for a person, or for a script.</summary>
internal static class Report
{
    public static string Text(IReadOnlyList<Finding> findings)
    {
        var text = new StringBuilder();
        foreach (Finding finding in findings)
        {
            text.Append($"{Word(finding.Severity)} {finding.Id}");
            text.Append(finding.Where.Length > 0 ? $" ({finding.Where})\n" : "\n");
            text.Append($"  what: {finding.What}\n  why:  {finding.Why}\n  mend: {finding.Mend}\n\n");
        }

        int Count(Severity severity) => findings.Count(f => f.Severity == severity);
        return text.Append(
            $"{Count(Severity.Error)} errors, {Count(Severity.Warning)} warnings, {Count(Severity.Note)} notes.\n").ToString();
    }

    public static string Json(IReadOnlyList<Finding> findings)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("findings");
            foreach (Finding finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("id", finding.Id);
                json.WriteString("severity", Word(finding.Severity));
                json.WriteString("what", finding.What);
                json.WriteString("why", finding.Why);
                json.WriteString("mend", finding.Mend);
                json.WriteString("where", finding.Where);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>What <see cref="Json"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static IReadOnlyList<Finding> Parse(string text)
    {
        using JsonDocument json = JsonDocument.Parse(text);
        return
        [
            .. json.RootElement.GetProperty("findings").EnumerateArray().Select(finding => new Finding(
                Text(finding, "id"), Enum.GetValues<Severity>().First(s => Word(s) == Text(finding, "severity")),
                Text(finding, "what"), Text(finding, "why"), Text(finding, "mend"), Text(finding, "where"))),
        ];
    }

    /// <summary>0 nothing, 1 errors, 2 only warnings; a note is nothing to act on.</summary>
    public static int ExitCode(IReadOnlyList<Finding> findings) =>
        findings.Any(f => f.Severity is Severity.Error) ? 1
        : findings.Any(f => f.Severity is Severity.Warning) ? 2
        : 0;

    private static string Text(JsonElement finding, string name) => finding.GetProperty(name).GetString()!;

    private static string Word(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "note",
    };
}
