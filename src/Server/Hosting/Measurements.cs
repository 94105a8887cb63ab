using System.Diagnostics.Metrics;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Hosting;

/// <summary>Adds up what this server measures, and writes it down for Prometheus.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    public Measurements(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Another server in this process has a factory of its own.
            if (instrument.Meter.Name == Telemetry.Name && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument, Add(new MetricFamily(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, labels, family) => Take(family, value, labels));
        _listener.SetMeasurementEventCallback<double>((_, value, labels, family) => Take(family, value, labels));
        _listener.Start();
    }

    /// <summary>The text exposition format, version 0.0.4.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringWriter { NewLine = "\n" };
        lock (_lock)
        {
            foreach (MetricFamily family in _families.Values)
            {
                family.Write(text);
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private MetricFamily Add(MetricFamily family)
    {
        lock (_lock)
        {
            return _families.TryAdd(family.Name, family) ? family : _families[family.Name];
        }
    }

    private void Take(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        string text = MetricFamily.Labels(labels);
        lock (_lock)
        {
            ((MetricFamily)family!).Take(value, text);
        }
    }
}
