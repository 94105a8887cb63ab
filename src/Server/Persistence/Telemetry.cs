using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Sallyport.Server.Persistence;

/// <summary>
/// The name under which all slices measure and trace. No label is a name of somebody or an address: who may read
/// figures may not learn who logs in.
/// </summary>
internal static class Telemetry
{
    public const string Name = "Sallyport.Server";

    /// <summary>Costs nothing while nobody listens.</summary>
    public static readonly ActivitySource Activities = new(Name);

    /// <summary>Seconds, from one millisecond to where a client has given up.</summary>
    public static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    public static Meter CreateMeter(this IMeterFactory meters) => meters.Create(Name);
}
