using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Hosting;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>
/// What traces and the log tell of a login, and what ties them. Alone, since spans and the console are of the process.
/// </summary>
[Collection(nameof(SecretsInLogsTests))]
public sealed class TraceTests
{
    private static readonly string[] _tags = ["http.request.method", "http.route", "http.response.status_code"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_request_of_a_login_is_a_trace_with_the_database_in_it_and_without_a_value()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        HostOfApplication host = await HostOfApplication.WithTokenAsync(server);
        ConcurrentQueue<Activity> spans = [];
        using ActivityListener listener = Listen(spans);

        Assert.Equal("auth", await host.PreauthAsync("alice"));
        Assert.Equal("allow", await host.PromptAsync("alice", "755224")); // RFC 4226 appendix D, counter 0
        await server.AskAsync("BREW /alice HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n");

        Activity[] requests = [.. spans.Where(span => span.Kind is ActivityKind.Server)];
        Assert.Equal(
            ["POST /auth/v2/preauth", "POST /auth/v2/auth", "_OTHER other"], requests.Select(span => span.DisplayName));
        Assert.Equal(3, requests.Select(span => span.TraceId).Distinct().Count());
        Assert.Equal(["read application", "read user"], Below(spans, requests[0]).Order());
        Assert.Contains("transaction", Below(spans, requests[1]));
        Assert.Empty(Below(spans, requests[2]));
        Assert.All(spans, span => Assert.NotEqual(ActivityStatusCode.Error, span.Status));
        foreach ((string name, object? value) in spans.SelectMany(span => span.TagObjects))
        {
            Assert.Contains(name, _tags);
            Assert.DoesNotContain("alice", $"{value}", StringComparison.Ordinal);
        }

        string page = await File.ReadAllTextAsync(
            Path.Combine(SliceDependencyTests.RepositoryRoot(), "docs", "reference", "server-settings.md"), Stop);
        Assert.All(
            [.. _tags, "read application", "read user", "transaction"],
            name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_caller_says_of_its_trace_is_not_taken_up()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        await using HostedServer server = await HostedServer.StartAsync();
        ConcurrentQueue<Activity> spans = [];
        using ActivityListener listener = Listen(spans);

        await server.GetAsync("/healthz", $"traceparent: 00-{trace}-b7ad6b7169203331-00\r\n");

        Activity span = Assert.Single(spans);
        Assert.NotEqual(trace, span.TraceId.ToHexString());
        Assert.Null(span.ParentId);
    }

    [Fact]
    public async Task What_fails_is_marked_and_the_log_in_JSON_has_the_id_of_its_trace()
    {
        ConcurrentQueue<Activity> spans = [];
        string log = await LogAsync(async server =>
        {
            HostOfApplication host = await HostOfApplication.WithTokenAsync(server);
            await using (ServerDbContext db = await server.Services
                .GetRequiredService<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(Stop))
            {
                await db.Database.ExecuteSqlAsync($"ALTER TABLE users RENAME TO gone", Stop);
            }

            using ActivityListener listener = Listen(spans);
            Assert.Null(await host.PreauthAsync("alice"));
        });

        Activity request = Assert.Single(spans, span => span.Kind is ActivityKind.Server);
        Activity read = Assert.Single(spans, span => span.DisplayName == "read user");
        Assert.Equal((ActivityStatusCode.Error, ActivityStatusCode.Error), (request.Status, read.Status));
        JsonElement line = Assert.Single(Lines(log), line => EventId(line) == 4006);
        Assert.Equal(request.TraceId.ToHexString(), TraceOf(line));
    }

    [Fact]
    public async Task Without_a_collector_the_lines_of_a_request_have_an_id_too_and_no_path()
    {
        string log = await LogAsync(async server =>
        {
            HostOfApplication host = await HostOfApplication.WithTokenAsync(server);
            await host.PostAsync("/alice/0000", ("username", "alice"));
            await host.PostAsync("/auth/v2/preauth", ("username", "alice"), ("username", "alice"));
        });

        JsonElement[] refused = [.. Lines(log).Where(line => EventId(line) == 4001)];
        Assert.Equal(2, refused.Length);
        Assert.Equal(2, refused.Select(TraceOf).Distinct().Count());
        Assert.All(refused, line => Assert.Matches("^[0-9a-f]{32}$", TraceOf(line)));
        Assert.All(refused, line => Assert.Equal(
            "127.0.0.1", line.GetProperty("State").GetProperty("Address").GetString()));
        Assert.DoesNotContain("/alice", log, StringComparison.Ordinal);
    }

    private static string[] Below(IEnumerable<Activity> spans, Activity request) =>
        [.. spans.Where(span => span.ParentSpanId == request.SpanId).Select(span => span.DisplayName)];

    private static ActivityListener Listen(ConcurrentQueue<Activity> spans)
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    /// <summary>All that is written to the console while a server is used, which logs in JSON.</summary>
    private static async Task<string> LogAsync(Func<HostedServer, Task> use)
    {
        TextWriter before = Console.Out;
        await using StringWriter console = new();
        Console.SetOut(TextWriter.Synchronized(console));
        try
        {
            await using HostedServer server = await HostedServer.StartAsync(
                settings => settings with { Log = LogFormat.Json });
            await use(server);
        }
        finally
        {
            Console.SetOut(before);
        }

        return console.ToString();
    }

    private static IEnumerable<JsonElement> Lines(string log) => log
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    private static int EventId(JsonElement line) => line.GetProperty("EventId").GetInt32();

    private static string TraceOf(JsonElement line) => line.GetProperty("Scopes").EnumerateArray()
        .Single(scope => scope.TryGetProperty("TraceId", out _)).GetProperty("TraceId").GetString()!;
}
