namespace Sallyport.Cli.Doctor;

/// <summary>What was found, each thing once.</summary>
internal sealed class Findings
{
    private const int MostCases = 3;

    private readonly List<Finding> _all = [];

    /// <summary>The worst first. What one line does to people in many cases is one finding.</summary>
    public IReadOnlyList<Finding> All =>
    [
        .. _all.GroupBy(finding => finding with { What = "" })
            .Select(cases => cases.Key with { What = Together([.. cases.Select(finding => finding.What)]) })
            .OrderByDescending(finding => finding.Severity),
    ];

    public void Error(string id, string what, string why, string mend, string where = "") =>
        Add(new(id, Severity.Error, what, why, mend, where));

    public void Warning(string id, string what, string why, string mend, string where = "") =>
        Add(new(id, Severity.Warning, what, why, mend, where));

    public void Note(string id, string what, string why, string mend, string where = "") =>
        Add(new(id, Severity.Note, what, why, mend, where));

    private void Add(Finding raw)
    {
        // Names and paths are other people's, and end up on root's terminal.
        Finding finding = raw with
        {
            What = Clean(raw.What), Why = Clean(raw.Why), Mend = Clean(raw.Mend), Where = Clean(raw.Where),
        };
        if (!_all.Contains(finding))
        {
            _all.Add(finding);
        }
    }

    private static string Together(string[] cases) => string.Join("; ", cases.Take(MostCases))
        + (cases.Length > MostCases ? $"; and {cases.Length - MostCases} more such cases" : "");

    private static string Clean(string text) => new([.. text.Select(c => char.IsControl(c) ? '?' : c)]);
}
