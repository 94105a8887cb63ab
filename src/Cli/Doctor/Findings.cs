namespace Sallyport.Cli.Doctor;

/// <summary>What was found, each thing once.</summary>
internal sealed class Findings
{
    private readonly List<Finding> _all = [];

    /// <summary>The worst first.</summary>
    public IReadOnlyList<Finding> All => [.. _all.OrderByDescending(f => f.Severity)];

    public void Error(string id, string what, string why, string mend, string where = "") =>
        Add(new(id, Severity.Error, what, why, mend, where));

    public void Warning(string id, string what, string why, string mend, string where = "") =>
        Add(new(id, Severity.Warning, what, why, mend, where));

    public void Note(string id, string what, string why, string mend, string where = "") =>
        Add(new(id, Severity.Note, what, why, mend, where));

    private void Add(Finding finding)
    {
        if (!_all.Contains(finding))
        {
            _all.Add(finding);
        }
    }
}
