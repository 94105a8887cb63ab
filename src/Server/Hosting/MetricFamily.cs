using System.Diagnostics.Metrics;
using System.Globalization;

namespace Sallyport.Server.Hosting;

/// <summary>
/// All series of one instrument, in the words of Prometheus' text exposition format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
/// </summary>
internal sealed class MetricFamily
{
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly string _help;
    private readonly string _type;
    private readonly bool _addsUp;
    private readonly double[] _bounds;

    public MetricFamily(Instrument instrument)
    {
        (_type, _addsUp) = instrument switch
        {
            Counter<long> => ("counter", true),
            UpDownCounter<long> => ("gauge", true),
            ObservableGauge<double> => ("gauge", false),
            Histogram<double> => ("histogram", true),
            _ => throw new ArgumentException($"{instrument.Name}: no such kind is written down", nameof(instrument)),
        };
        _bounds = [.. (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? []];
        _help = instrument.Description ?? "";
        Name = instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "")
            + (_type == "counter" ? "_total" : "");
    }

    public string Name { get; }

    /// <summary>name="value" for each, with commas between.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        List<string> written = [];
        foreach ((string name, object? value) in labels)
        {
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            written.Add($"{name}=\"{Escaped(text).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        return string.Join(',', written);
    }

    public void Take(double value, string labels)
    {
        if (!_series.TryGetValue(labels, out Series? series))
        {
            _series[labels] = series = new Series(new long[_bounds.Length]);
        }

        series.Sum = _addsUp ? series.Sum + value : value;
        series.Count++;
        int bucket = Array.FindIndex(_bounds, bound => value <= bound);
        if (bucket >= 0)
        {
            series.Buckets[bucket]++;
        }
    }

    public void Write(TextWriter text)
    {
        text.WriteLine($"# HELP {Name} {Escaped(_help)}");
        text.WriteLine($"# TYPE {Name} {_type}");
        foreach ((string labels, Series series) in _series)
        {
            if (_type == "histogram")
            {
                WriteHistogram(text, labels, series);
            }
            else
            {
                text.WriteLine($"{Name}{Braces(labels)} {Number(series.Sum)}");
            }
        }
    }

    private void WriteHistogram(TextWriter text, string labels, Series series)
    {
        string before = labels.Length > 0 ? labels + "," : "";
        long below = 0;
        for (int i = 0; i < _bounds.Length; i++)
        {
            below += series.Buckets[i];
            text.WriteLine($"{Name}_bucket{{{before}le=\"{Number(_bounds[i])}\"}} {below}");
        }

        text.WriteLine($"{Name}_bucket{{{before}le=\"+Inf\"}} {series.Count}");
        text.WriteLine($"{Name}_sum{Braces(labels)} {Number(series.Sum)}");
        text.WriteLine($"{Name}_count{Braces(labels)} {series.Count}");
    }

    private static string Braces(string labels) => labels.Length > 0 ? $"{{{labels}}}" : "";

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString(CultureInfo.InvariantCulture);

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed record Series(long[] Buckets)
    {
        public double Sum { get; set; }

        public long Count { get; set; }
    }
}
