using System.Diagnostics.Metrics;

namespace Sallyport.Server.Persistence;

/// <summary>Counts commits, and how many acts each made durable.</summary>
internal sealed class CommitMeter
{
    private readonly Counter<long> _commits;
    private readonly Histogram<double> _acts;

    public CommitMeter(IMeterFactory meters)
    {
        Meter meter = meters.CreateMeter();
        _commits = meter.CreateCounter<long>(
            "sallyport.database.commits", null, "Transactions that were to be made durable, by whether they were.");
        _acts = meter.CreateHistogram<double>(
            "sallyport.database.commit.acts", null, "Acts that one commit made durable.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] });
    }

    public void Committed(int acts)
    {
        _commits.Add(1, KeyValuePair.Create<string, object?>("result", "committed"));
        _acts.Record(acts);
    }

    public void Failed() => _commits.Add(1, KeyValuePair.Create<string, object?>("result", "failed"));
}
