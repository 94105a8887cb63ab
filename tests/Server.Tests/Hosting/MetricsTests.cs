using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>A whole server, read as Prometheus reads it.</summary>
public sealed partial class MetricsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logins_move_the_counters_and_no_label_says_who()
    {
        await using HostedServer server = await MeasuredAsync();
        HostOfApplication host = await HostOfApplication.WithTokenAsync(server);

        Assert.Equal("auth", await host.PreauthAsync("alice"));
        Assert.Equal("allow", await host.PromptAsync("alice", "755224")); // RFC 4226 appendix D, counter 0
        Assert.Equal("deny", await host.PromptAsync("alice", "755224"));
        Assert.Null(await (host with { Skey = new string('x', 40) }).PreauthAsync("alice"));
        await server.GetAsync("/alice/203.0.113.5");
        string text = await ScrapeAsync(server);

        Assert.Equal(1, Value(text,
            "sallyport_authentications_total{result=\"success\",reason=\"valid_passcode\",factor=\"hardware_token\"}"));
        Assert.Equal(1, Value(text,
            "sallyport_authentications_total{result=\"denied\",reason=\"invalid_passcode\",factor=\"hardware_token\"}"));
        Assert.Equal(1, Value(text, "sallyport_preauth_total{result=\"auth\"}"));
        Assert.Equal(1, Value(text, "sallyport_refused_requests_total{code=\"40103\"}"));
        Assert.Equal(2, Value(text,
            "sallyport_request_duration_seconds_count{route=\"/auth/v2/auth\",status=\"200\"}"));
        Assert.Equal(1, Value(text, "sallyport_request_duration_seconds_count{route=\"other\",status=\"404\"}"));
        Assert.Equal(0, Value(text, "sallyport_requests_in_progress"));
        Assert.InRange(Value(text, "sallyport_certificate_expiry_seconds"), 89 * 86_400, 90 * 86_400);
        Assert.InRange(Value(text, "sallyport_database_commits_total{result=\"committed\"}"), 2, 100);
        Assert.DoesNotContain("alice", text, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("bastion", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_line_is_one_of_the_exposition_format_and_each_metric_is_described()
    {
        await using HostedServer server = await MeasuredAsync();
        await server.GetAsync("/healthz");

        string text = await ScrapeAsync(server);

        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        string[] lines = text.Split('\n')[..^1];
        Assert.All(lines, line => Assert.Matches(Line(), line));
        foreach (string name in lines.Where(line => line[0] != '#').Select(line => Name().Match(line).Value))
        {
            string family = Suffix().Replace(name, "");
            Assert.Single(lines, line => Regex.IsMatch(line, $"^# HELP ({family}|{name}) "));
            Assert.Single(lines, line => Regex.IsMatch(line, $"^# TYPE ({family}|{name}) "));
        }
    }

    [Fact]
    public async Task Each_metric_stands_in_the_reference_with_its_type_and_labels_and_no_other_does()
    {
        await using HostedServer server = await MeasuredAsync();
        HostOfApplication host = await HostOfApplication.WithTokenAsync(server);
        Assert.Equal("auth", await host.PreauthAsync("alice"));
        Assert.Equal("allow", await host.PromptAsync("alice", "755224"));
        await server.GetAsync("/nothing");

        string[] lines = (await ScrapeAsync(server)).Split('\n');
        string[] measured = [.. lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(line => line[7..]).Order(StringComparer.Ordinal)];
        string page = await File.ReadAllTextAsync(
            Path.Combine(SliceDependencyTests.RepositoryRoot(), "docs", "reference", "server-settings.md"), Stop);
        string[][] rows = [.. Row().Matches(page).Select(row => row.Groups.Values.Skip(1).Select(g => g.Value).ToArray())];

        Assert.Equal(measured, rows.Select(row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal));
        foreach (string[] row in rows)
        {
            string[] series = [.. lines.Where(line => Regex.IsMatch(line, $"^{row[0]}(_bucket|_count|_sum)?[{{ ]"))];
            string[] labels = [.. series.SelectMany(line => Label().Matches(line)).Select(label => label.Groups[1].Value)
                .Where(label => label != "le").Distinct()];
            Assert.NotEmpty(series);
            Assert.Equal(labels, Quoted().Matches(row[2]).Select(name => name.Value.Trim('`')).Where(name => name != "other"));
        }
    }

    [Fact]
    public async Task It_is_off_by_default_and_never_where_hosts_ask()
    {
        await using HostedServer server = await HostedServer.StartAsync();

        Assert.Null(server.Services.GetRequiredService<MetricsEndpoint>().Port);
        Assert.StartsWith("HTTP/1.1 404 ", await server.GetAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_answers_on_loopback_only_and_nothing_else_there()
    {
        await using HostedServer server = await MeasuredAsync();
        int port = Port(server);
        using HttpClient http = new();

        using HttpResponseMessage other = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/auth/v2/ping"), Stop);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        IPEndPoint[] listening = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Where(listener => listener.Port == port)];
        Assert.All(listening, listener => Assert.True(IPAddress.IsLoopback(listener.Address)));
        Assert.NotEmpty(listening);
    }

    [Theory]
    [InlineData("0.0.0.0:9464")]
    [InlineData("192.0.2.7:9464")]
    [InlineData("[::]:9464")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost:9464")]
    public void What_is_not_loopback_is_refused(string address) => Assert.Throws<SettingsException>(
        () => ServerSettings.Parse("/tmp", [new("public-host", "a", "test"), new("metrics", address, "test")]));

    [Theory]
    [InlineData("127.0.0.1:9464")]
    [InlineData("[::1]:9464")]
    public void Both_loopback_addresses_are_taken(string address) => Assert.Equal(
        address,
        ServerSettings.Parse("/tmp", [new("public-host", "a", "test"), new("metrics", address, "test")])
            .Metrics!.ToString());

    [Fact]
    public async Task A_collector_that_is_named_gets_traces_and_metrics_and_else_nobody_does()
    {
        await using var collector = new TestCollector();
        await collector.StartAsync();
        await using (HostedServer quiet = await HostedServer.StartAsync())
        {
            await quiet.GetAsync("/healthz");
            Assert.False(Telemetry.Activities.HasListeners());
        }

        await using (HostedServer server = await HostedServer.StartAsync(
            settings => settings with { Otlp = collector.Address }))
        {
            await server.GetAsync("/healthz");
        }

        // What is not sent yet is sent at the end.
        Assert.Equal(["/v1/metrics", "/v1/traces"], collector.Asked.Distinct().Order());
    }

    // Loopback port 0 stands in no settings file: there a port is needed.
    private static Task<HostedServer> MeasuredAsync() =>
        HostedServer.StartAsync(settings => settings with { Metrics = new IPEndPoint(IPAddress.Loopback, 0) });

    private static int Port(HostedServer server) => server.Services.GetRequiredService<MetricsEndpoint>().Port!.Value;

    private static async Task<string> ScrapeAsync(HostedServer server)
    {
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://127.0.0.1:{Port(server)}/metrics"), Stop);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        return await answer.Content.ReadAsStringAsync(Stop);
    }

    private static double Value(string text, string series) => double.Parse(
        Assert.Single(text.Split('\n'), line => line.StartsWith(series + " ", StringComparison.Ordinal)).Split(' ')[^1],
        CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(# HELP [a-z_]+ \S.*|# TYPE [a-z_]+ (counter|gauge|histogram)|[a-z_]+(\{[a-z_]+=""[^""]*""(,[a-z_]+=""[^""]*"")*\})? [0-9.E+-]+)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^\| `(sallyport_\w+)` \| (counter|gauge|histogram) \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("[{,]([a-z_]+)=")]
    private static partial Regex Label();

    [GeneratedRegex("`[a-z]+`")]
    private static partial Regex Quoted();

    [GeneratedRegex("^[a-z_]+")]
    private static partial Regex Name();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
