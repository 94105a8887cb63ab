using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Tests.Hosting;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>A whole server over HTTPS, with an application. Each test comes from an address of its own.</summary>
public sealed class ServerThatIsSentNonsense : IAsyncLifetime
{
    private int _sources;

    internal HostedServer Server { get; private set; } = null!;

    internal Recorder Log { get; } = new();

    internal string Ikey { get; private set; } = "";

    internal string Skey { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Server = await HostedServer.StartAsync(replace: services =>
        {
            services.AddSingleton(new Administrator("ada"));
            Log.Install(services);
        });
        CancellationToken stop = TestContext.Current.CancellationToken;
        var added = (AddApplicationResult.Added)await Server.Services.GetRequiredService<AddApplication>()
            .RunAsync(new("bastion"), stop);
        (Ikey, Skey) = (added.IntegrationKey, added.SecretKey.Expose());
        await Server.Services.GetRequiredService<AddUser>().RunAsync(new("alice") { Status = UserStatus.Bypass }, stop);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    internal HostedClient Client() =>
        new(Server, $"127.0.1.{Interlocked.Increment(ref _sources)}", Ikey, Skey);
}

/// <summary>
/// Whatever is wrong with a request: its error in the envelope of its dialect, one line in the log that holds no secret,
/// and a limit that the sender alone feels.
/// </summary>
public sealed class MalformedTests(ServerThatIsSentNonsense given) : IClassFixture<ServerThatIsSentNonsense>
{
    private const string Secret = "135790"; // what alice typed
    private const string Unread = "246801"; // what nobody reads, for it is no HTTP
    private const string Form = "application/x-www-form-urlencoded";

    private static readonly string[] _paths = ["/auth/v2/preauth", "/rest/v1/preauth", "/rest/v1/preauth.json", "/rest/v1/preauth.bson"];

    // Facts 2.4; 413 and 415 are in HTTP's words.
    private static readonly Dictionary<int, string> _messages = new()
    {
        [40001] = "Missing required request parameters",
        [40002] = "Invalid request parameters",
        [40101] = "Missing request credentials",
        [40102] = "Invalid integration key in request credentials",
        [40103] = "Invalid signature in request credentials",
        [40105] = "Bad request timestamp",
        [40401] = "Resource not found",
        [40501] = "Method not allowed",
        [41301] = "Request body too large",
        [41501] = "Unsupported content type",
        [42901] = "Too Many Requests",
    };

    private static readonly Dictionary<string, (int Code, string? Detail, Func<TestRequest, string, TestRequest> Bend)> _wrong = new()
    {
        ["no credentials"] = (40101, null, (r, _) => r with { Authorization = "" }),
        ["bad base64"] = (40101, null, (r, _) => r with { Authorization = "Basic ####" }),
        ["a password"] = (40101, null, (r, _) => r with { Authorization = Basic($"alice:{Secret}") }),
        ["an unknown application"] = (40102, null, (r, _) => r with { Authorization = Basic(new string('A', 20) + ":" + new string('0', 128)) }),
        ["a wrong signature"] = (40103, null, (r, ikey) => r with { Authorization = Basic($"{ikey}:{new string('0', 128)}") }),
        ["a clock a day ahead"] = (40105, null, (r, _) => r with { ClockError = 86_400 }),
        ["a clock a day behind"] = (40105, null, (r, _) => r with { ClockError = -86_400 }),
        ["a name twice"] = (40002, "NAME", (r, _) => r with { Parameters = [.. r.Parameters, r.Parameters[0]] }),
        ["no UTF-8"] = (40002, "NAME", (r, _) => Body(r, "NAME=%ff%fe"u8)),
        ["a NUL"] = (40002, "NAME", (r, _) => Body(r, "NAME=a%00b"u8)),
        ["no UTF-8, unencoded"] = (40002, "NAME", (r, _) => Body(r, [.. "NAME="u8, 0xff, 0xfe])),
        ["half an escape"] = (40002, "body", (r, _) => Body(r, "NAME=%4"u8)),
        ["BSON as a form"] = (40001, "NAME", (r, _) => Body(r, [0x16, 0, 0, 0, 2, 0xff, 0, 0, 0, 1, 0x80, 0])),
        ["BSON"] = (41501, null, (r, _) => Body(r, [0x16, 0, 0, 0, 2, 0xff, 0], "application/bson")),
        ["text"] = (41501, null, (r, _) => r with { ContentType = "text/plain" }),
        ["broken JSON"] = (40002, "body", (r, _) => Body(r, "{\"NAME\":"u8, "application/json")),
        ["a thousand parameters"] = (40002, "body", (r, _) => Body(r, Encoding.ASCII.GetBytes("a=1" + string.Concat(Enumerable.Repeat("&a=1", 999))))),
        ["a body of 10 MB"] = (41301, null, (r, _) => Body(r, new byte[10_485_760])),
        ["a query of 20 kB"] = (40002, "request", (r, _) => r with { Query = "?" + new string('a', 20_000) }),
        ["a header of 20 kB"] = (40002, "header", (r, _) => r with { UserAgent = new string('a', 20_000) }),
        ["a hundred headers and some"] = (40002, "header", (r, _) => r with
        {
            Headers = [.. Enumerable.Range(0, 120).Select(i => ($"X-{i}", "a"))],
        }),
        ["nobody"] = (40001, "NAME", (r, _) => r with { Parameters = [.. r.Parameters[1..]] }),
        ["another method"] = (40501, null, (r, _) => r with { Method = "GET" }),
        ["another path"] = (40401, null, (r, _) => r with { Path = r.Path.Replace("preauth", "nothing", StringComparison.Ordinal) }),
    };

    public static TheoryData<string, string> Nonsense => new(
        from path in _paths
        from wrong in _wrong.Keys
        select (path, wrong));

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task It_gets_its_error_a_line_in_the_log_and_a_limit(string path, string what)
    {
        (int code, string? detail, TestRequest request) = Bent(path, what);
        using HostedClient client = given.Client();
        using HostedClient other = given.Client();

        HostedAnswer answer = await client.SendAsync(request);
        string first = client.Authorization;
        string line = Assert.Single(Refusals(client));
        HostedAnswer last = answer;
        for (int sent = 1; sent <= RefusedRequests.MostAnswered; sent++)
        {
            last = await client.SendAsync(request.Body?.Length > 1_000_000 ? Body(request, new byte[70_000]) : request);
        }

        HostedAnswer stranger = await other.SendAsync(Good(path));
        HostedAnswer strangersNonsense = await other.SendAsync(request.Body?.Length > 1_000_000 ? Good(path) with { ContentType = "a/b" } : request);

        Assert.Equal((code / 100, path.EndsWith(".bson", StringComparison.Ordinal) ? "application/bson" : "application/json"), (answer.Status, answer.Type));
        Assert.Equal(("FAIL", code, _messages[code], detail), (answer.Stat, answer.Code, answer.Message, answer.Detail));
        Assert.Contains($"{code} {_messages[code]}", line, StringComparison.Ordinal);
        Assert.Equal((429, "FAIL", 42901, _messages[42901], true), (last.Status, last.Stat, last.Code, last.Message, last.HasRetryAfter));
        Assert.Equal(RefusedRequests.MostLogged + 1, Refusals(client).Length);
        Assert.Equal((200, "OK", "allow"), (stranger.Status, stranger.Stat, stranger.Result));
        Assert.NotEqual(42901, strangersNonsense.Code);
        foreach (string secret in (string[])[given.Skey, first, client.Authorization, other.Authorization, Secret])
        {
            string kept = secret.Replace("Basic ", "", StringComparison.Ordinal);
            Assert.DoesNotContain(given.Log.Lines, logged => kept.Length > 4 && logged.Contains(kept, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("/auth/v2/preauth")]
    [InlineData("/rest/v1/preauth.bson")]
    public async Task Who_floods_is_served_what_he_asks_rightly(string path)
    {
        using HostedClient client = given.Client();
        for (int sent = 0; sent <= RefusedRequests.MostAnswered; sent++)
        {
            await client.SendAsync(Bent(path, "a wrong signature").Request);
        }

        Assert.Equal((200, "allow"), ((await client.SendAsync(Good(path))).Status, (await client.SendAsync(Good(path))).Result));
    }

    /// <summary>The web server writes the answer itself, but it is counted, logged and limited like any other refusal.</summary>
    [Theory]
    [InlineData(400, "GET /%00 HTTP/1.1\r\nHost: a")]
    [InlineData(400, "GET / HTTP/1.1\r\nX-Typed: " + Unread)]
    [InlineData(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b")]
    [InlineData(400, "GET / HTTP/1.1\r\nHost: a b/")]
    [InlineData(400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x" + Unread)]
    [InlineData(400, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization " + Unread)]
    [InlineData(400, Unread)]
    [InlineData(505, "GET / HTTP/3.1\r\nHost: a")]
    [InlineData(414, "GET /auth/v2/check?LONG HTTP/1.1\r\nHost: a")]
    [InlineData(431, "GET / HTTP/1.1\r\nHost: a\r\nX-A: LONG")]
    public async Task What_is_no_HTTP_gets_a_line_in_the_log_too(int status, string head)
    {
        using HostedClient client = given.Client();
        string sent = head.Replace("LONG", new string('a', 40_000), StringComparison.Ordinal) + "\r\n\r\n";

        string answer = await client.RawAsync(sent);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("stat", answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..], StringComparison.Ordinal);
        string line = Assert.Single(Refusals(client));
        Assert.Contains($"from {client.Source}: {status}00 ", line, StringComparison.Ordinal);

        // The web server quotes it at Debug, which is never written (LogSettings).
        Assert.DoesNotContain(given.Log.Lines, logged => logged.Contains(Unread, StringComparison.Ordinal)
            && !logged.StartsWith("Debug Microsoft.", StringComparison.Ordinal));
        for (int again = 0; again < RefusedRequests.MostLogged + 2; again++)
        {
            await client.RawAsync(sent);
        }

        Assert.Equal(RefusedRequests.MostLogged + 1, Refusals(client).Length);
    }

    private static string Basic(string text) => "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private static string NameIn(string path) => path.StartsWith("/auth/v2", StringComparison.Ordinal) ? "username" : "user";

    private static TestRequest Good(string path) => new("POST", path, (NameIn(path), "alice"), ("hostname", "web1"));

    private static TestRequest Body(TestRequest request, ReadOnlySpan<byte> body, string type = Form)
    {
        byte[] name = Encoding.ASCII.GetBytes(request.Parameters[0].Name);
        int at = body.IndexOf("NAME"u8);
        return request with
        {
            Body = at < 0 ? body.ToArray() : [.. body[..at], .. name, .. body[(at + 4)..]], ContentType = type,
        };
    }

    private (int Code, string? Detail, TestRequest Request) Bent(string path, string what)
    {
        (int code, string? detail, Func<TestRequest, string, TestRequest> bend) = _wrong[what];
        return (code, detail == "NAME" ? NameIn(path) : detail, bend(Good(path), given.Ikey));
    }

    private string[] Refusals(HostedClient client) => [.. given.Log.Lines.Where(line =>
        line.Contains($"Refused a request from {client.Source}:", StringComparison.Ordinal)
        || line.Contains($"Refused more requests from {client.Source};", StringComparison.Ordinal))];
}
