using System.Text.Json.Serialization;

namespace Sallyport.Cli.Setup;

/// <summary>setup plan --json</summary>
internal sealed record PlanReport(IReadOnlyList<PlannedFile> Files, IReadOnlyList<string> Refusals, IReadOnlyList<string> Notes);

internal sealed record PlannedFile(string Path, bool Changed, string Before, string After, string Difference);

/// <summary>setup status --json</summary>
internal sealed record StatusReport(string State, long SecondsLeft, IReadOnlyList<StatusFile> Files);

internal sealed record StatusFile(string Path, string State);

/// <summary>For scripts, with keys like those of every other --json; the journal is for setup alone.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class SetupReport : JsonSerializerContext;
