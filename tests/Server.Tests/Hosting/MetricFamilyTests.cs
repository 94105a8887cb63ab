using System.Diagnostics.Metrics;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>The text exposition format of Prometheus, version 0.0.4.</summary>
public sealed class MetricFamilyTests : IDisposable
{
    private readonly Meter _meter = new("test");

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void A_counter_adds_up_and_its_name_ends_in_total()
    {
        MetricFamily family = new(_meter.CreateCounter<long>("some.logins", null, "Two\nlines and a \\."));
        family.Take(1, "a=\"1\"");
        family.Take(2, "a=\"1\"");
        family.Take(4, "");

        Assert.Equal(
            "# HELP some_logins_total Two\\nlines and a \\\\.\n# TYPE some_logins_total counter\n"
            + "some_logins_total 4\nsome_logins_total{a=\"1\"} 3\n",
            Written(family));
    }

    [Fact]
    public void A_gauge_that_is_observed_has_its_last_value_and_one_that_counts_both_ways_its_sum()
    {
        MetricFamily observed = new(_meter.CreateObservableGauge("left", () => 0.0, "s", "h"));
        observed.Take(5, "");
        observed.Take(-2.5, "");
        MetricFamily counted = new(_meter.CreateUpDownCounter<long>("open", null, "h"));
        counted.Take(3, "");
        counted.Take(-1, "");

        Assert.Equal("# HELP left_seconds h\n# TYPE left_seconds gauge\nleft_seconds -2.5\n", Written(observed));
        Assert.Equal("# HELP open h\n# TYPE open gauge\nopen 2\n", Written(counted));
    }

    [Fact]
    public void The_buckets_of_a_histogram_count_what_is_at_most_their_bound()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] };
        MetricFamily family = new(_meter.CreateHistogram("took", "s", "h", null, advice));
        foreach (double value in (double[])[0.25, 0.5, 1, 8])
        {
            family.Take(value, "route=\"a\"");
        }

        Assert.Equal(
            "# HELP took_seconds h\n# TYPE took_seconds histogram\n"
            + "took_seconds_bucket{route=\"a\",le=\"0.5\"} 2\ntook_seconds_bucket{route=\"a\",le=\"1\"} 3\n"
            + "took_seconds_bucket{route=\"a\",le=\"+Inf\"} 4\n"
            + "took_seconds_sum{route=\"a\"} 9.75\ntook_seconds_count{route=\"a\"} 4\n",
            Written(family));
    }

    [Fact]
    public void What_could_end_a_label_is_escaped() => Assert.Equal(
        "a=\"\\\\ \\\" \\n\",b=\"7\"", MetricFamily.Labels([new("a", "\\ \" \n"), new("b", 7)]));

    [Fact]
    public void An_instrument_that_is_not_known_is_no_family() =>
        Assert.Throws<ArgumentException>(() => new MetricFamily(_meter.CreateCounter<int>("x")));

    private static string Written(MetricFamily family)
    {
        using StringWriter text = new() { NewLine = "\n" };
        family.Write(text);
        return text.ToString();
    }
}
