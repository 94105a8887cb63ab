using System.Diagnostics;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>
/// The table of failures. Only what nobody has decided, and only up to preauth, is a reason for a fail mode. None of
/// them has more than one silence, so nothing takes longer than https_timeout and 2 s.
/// </summary>
public sealed class Given_a_service_that_fails
{
    private const string Garbage = "not one word of JSON";

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _longest = _timeout + TimeSpan.FromSeconds(2);

    /// <summary>Before there is a request: how, what becomes of it, and the words for the log.</summary>
    [Theory]
    [InlineData("no such name", "Unreachable", "Couldn't connect to PLACE: ")]
    [InlineData("refused", "Unreachable", "Couldn't connect to PLACE: Failed to connect")]
    [InlineData("none of this host's own", "Refused", "Couldn't connect to PLACE: Invalid argument")]
    [InlineData("black hole", "Unreachable", "Couldn't connect to PLACE: Failed to connect")]
    [InlineData("TLS silence", "Unreachable", "Couldn't connect to PLACE: SSL handshake timed out")]
    [InlineData("TLS hangup", "Unreachable", "Couldn't connect to PLACE: SSL handshake failed")]
    [InlineData("TLS garbage", "Refused", "Couldn't connect to PLACE: SSL handshake failed")]
    [InlineData("untrusted", "Refused", "Couldn't connect to PLACE: certificate verify failed")]
    [InlineData("for clients", "Refused", "Couldn't connect to PLACE: certificate verify failed")]
    [InlineData("expired", "Refused", "Couldn't connect to PLACE: certificate verify failed")]
    [InlineData("another name", "Refused", "Couldn't connect to PLACE: Certificate name validation failed")]
    [InlineData("no cafile", "Refused", "Couldn't read the authorities of /nowhere.pem: ")]
    [InlineData("an empty cafile", "Refused", "Couldn't read the authorities of /dev/null: no certificate is in it")]
    public async Task Connecting(string how, string failure, string words)
    {
        using FakeCertificate other = new();
        using FakeBlackHole hole = new();
        await using FakeDuoService service = new(
            how == "expired" ? new FakeCertificate(days: -1)
                : how == "for clients" ? new FakeCertificate(isForClients: true)
                : how == "another name" ? new FakeCertificate("elsewhere.example.org")
                : new FakeCertificate())
        {
            Handshake = how switch
            {
                "TLS silence" => FakeHandshake.Silent,
                "TLS hangup" => FakeHandshake.Hangup,
                "TLS garbage" => FakeHandshake.Garbage,
                _ => FakeHandshake.Right,
            },
        };
        using DuoHost host = Host(service);
        host.Settings = how switch
        {
            "no such name" => host.Settings with { Host = "nowhere.invalid" },
            "refused" => host.Settings with { Port = 1 },
            "none of this host's own" => host.Settings with { Host = "fe80::1" }, // of which interface?
            "black hole" => host.Settings with { Port = hole.Port },
            "untrusted" => host.Settings with { CaFile = other.AuthorityFile },
            "no cafile" => host.Settings with { CaFile = "/nowhere.pem" },
            "an empty cafile" => host.Settings with { CaFile = "/dev/null" },
            _ => host.Settings,
        };

        DuoException failed = Fails(() => host.Preauth());

        Assert.Equal(failure, failed.Failure.ToString());
        Assert.StartsWith(At(host, words), failed.Message, StringComparison.Ordinal);
        Assert.Empty(service.Requests);
    }

    /// <summary>The answer to a ping or a preauth.</summary>
    [Theory]
    [InlineData("silence", "Unreachable", "Couldn't connect to PLACE: Connection closed")]
    [InlineData("drip", "Refused", "Couldn't connect to PLACE: Connection closed")]
    [InlineData("hangup", "Unreachable", "Couldn't connect to PLACE: Connection closed")]
    [InlineData("500", "Unreachable", "HTTP 500")]
    [InlineData("503", "Unreachable", "HTTP 503")]
    [InlineData("503 page", "Unreachable", "HTTP 503")]
    [InlineData("302", "Refused", "HTTP 302")]
    [InlineData("400", "Refused", "HTTP 400")]
    [InlineData("401", "Refused", "Invalid ikey or skey")]
    [InlineData("403", "Refused", "HTTP 403")]
    [InlineData("404", "Refused", "HTTP 404")]
    [InlineData("429", "Refused", "HTTP 429")]
    [InlineData("100", "Refused", "Couldn't connect to PLACE: no answer of HTTP/1.1")]
    [InlineData("not HTTP", "Refused", "Couldn't connect to PLACE: no answer of HTTP/1.1")]
    [InlineData("garbage", "Refused", "invalid JSON response")]
    [InlineData("nothing", "Refused", "invalid JSON response", "No response body from server")]
    [InlineData("no response", "Refused", "JSON missing valid ")]
    [InlineData("no length", "Refused", "Couldn't connect to PLACE: unexpected eof while reading")]
    [InlineData("truncated", "Refused", "Couldn't connect to PLACE: Connection closed")]
    [InlineData("too long", "Refused", "Couldn't connect to PLACE: an answer that is too long")]
    [InlineData("endless body", "Refused", "Couldn't connect to PLACE: an answer that is too long")]
    [InlineData("endless headers", "Refused", "Couldn't connect to PLACE: too many headers")]
    public async Task Answering(string how, string failure, string words, string? ofPing = null)
    {
        await AtOnceAsync(["/auth/v2/ping", "/auth/v2/preauth"], async path =>
        {
            await using FakeDuoService service = new();
            using DuoHost host = Host(service);
            service.Script = request =>
                request.Path == path || request.Path == "/rest/v1/preauth.json" ? Reply(how) : null;

            DuoException failed = Fails(() => host.Preauth());

            Assert.Equal((path, failure), (path, failed.Failure.ToString()));
            string expected = path == "/auth/v2/ping" ? ofPing ?? words : words;
            Assert.StartsWith(At(host, expected), failed.Message, StringComparison.Ordinal);
            int times = service.Calls.Count(call => call.EndsWith(path, StringComparison.Ordinal));
            Assert.InRange(times, how == "hangup" ? 3 : 1, 3); // a connection that breaks is another's turn, twice
            Assert.Empty(service.Faults);
        });
    }

    /// <summary>After preauth there is no outage any more, and what is sent again is not sent for ever.</summary>
    [Theory]
    [InlineData("silence", 1)]
    [InlineData("drip", 1)]
    [InlineData("hangup", 2)]
    [InlineData("truncated", 2)]
    [InlineData("500", 1)]
    [InlineData("302", 1)]
    [InlineData("401", 1)]
    [InlineData("403", 1)]
    [InlineData("404", 1)]
    [InlineData("429", 1)]
    [InlineData("garbage", 1)]
    [InlineData("not HTTP", 1)]
    [InlineData("endless body", 1)]
    [InlineData("no response", 1)]
    public async Task Asking(string how, int times)
    {
        (bool IsOurs, bool IsAsync)[] kinds = [(false, true), (true, false), (true, true), (false, false)];
        await AtOnceAsync(kinds, async kind =>
        {
            await using FakeDuoService service = new() { IsOurs = kind.IsOurs };
            using DuoHost host = Host(service);
            host.Preauth();
            service.Script = request => request.Path == "/auth/v2/auth" ? Reply(how) : null;

            DuoException failed = Fails(() => host.Auth("push1", kind.IsAsync));

            Assert.Equal(DuoFailure.Refused, failed.Failure);
            Assert.Equal(times, service.Calls.Count(call => call == "POST /auth/v2/auth"));
            Assert.Empty(service.Faults);
        });
    }

    /// <summary>The same while a person is waited for; there, trouble may last as long as https_timeout.</summary>
    [Theory]
    [InlineData("hangup")]
    [InlineData("drip")]
    [InlineData("truncated")]
    [InlineData("503")]
    [InlineData("302")]
    [InlineData("401")]
    [InlineData("404")]
    [InlineData("garbage")]
    [InlineData("not HTTP")]
    [InlineData("endless headers")]
    [InlineData("no response")]
    [InlineData("dead")]
    [InlineData("gone")]
    public async Task Waiting(string how)
    {
        await AtOnceAsync([false, true], async isOurs =>
        {
            await using FakeDuoService service = new() { IsOurs = isOurs, ApprovesAfter = null };
            using DuoHost host = Host(service);
            host.Preauth();
            string id = host.Auth("push1").TransactionId!;
            service.Script = request =>
                how == "dead" ? FakeReply.Silence
                : request.Path != "/auth/v2/auth_status" ? null
                : how == "gone" ? Stop(service)
                : Reply(how);

            DuoException failed = Fails(() => host.Status(id));

            Assert.Equal(DuoFailure.Refused, failed.Failure);
            Assert.Empty(service.Faults);
        });
    }

    [Fact]
    public async Task What_the_server_takes_as_a_failed_attempt_is_one_and_says_why()
    {
        await using FakeDuoService service = new();
        using DuoHost host = Host(service);
        FakeReply fail = FakeReply.Json(
            200, """{"stat":"FAIL","code":40002,"message":"Invalid\u001b[2J","message_detail":"username"}""");
        service.Script = request => request.Path == "/auth/v2/ping" ? null : fail;

        DuoException failed = Fails(() => host.Preauth());

        Assert.Equal((DuoFailure.Failed, "40002: Invalid?[2J"), (failed.Failure, failed.Message));
        Assert.Equal("40002: Invalid?[2J (username)", failed.Detail);
        Assert.Equal(DuoFailure.Failed, Fails(() => host.Auth("push1")).Failure);
        Assert.Equal(DuoFailure.Failed, Fails(() => host.Status("id")).Failure);
    }

    [Fact]
    public async Task What_a_refusal_says_is_there_for_the_log()
    {
        await using FakeDuoService service = new();
        using DuoHost host = Host(service);
        service.Script = request =>
            request.Path == "/auth/v2/ping" ? null : FakeReply.Fail(40105, "Bad request timestamp");

        Assert.Equal("40105: Bad request timestamp", Fails(() => host.Preauth()).Detail);
    }

    /// <summary>It is named as the configuration names it.</summary>
    private static string At(DuoHost host, string words) =>
        words.Replace("PLACE", $"{host.Settings.Host}:{host.Settings.Port}", StringComparison.Ordinal);

    /// <summary>They wait, and need not wait for one another.</summary>
    private static Task AtOnceAsync<T>(T[] cases, Func<T, Task> check) =>
        Task.WhenAll(cases.Select(one => Task.Factory.StartNew(
            () => check(one),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()));

    private static DuoHost Host(FakeDuoService service)
    {
        DuoHost host = new(service);
        host.Settings = host.Settings with { HttpsTimeout = _timeout };
        return host;
    }

    private static FakeReply Stop(FakeDuoService service)
    {
        service.Handshake = FakeHandshake.Silent; // whoever connects again
        service.CloseConnections();
        return FakeReply.Hangup;
    }

    private static FakeReply Reply(string how) => how switch
    {
        "silence" => FakeReply.Silence,
        "drip" => FakeReply.Ok("{}").Dripping(TimeSpan.FromMilliseconds(200)),
        "hangup" => FakeReply.Hangup,
        "503 page" => FakeReply.Raw(
            "HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n<html>No server is available.") with
        {
            Closes = true,
        },
        "302" => FakeReply.Json(302, "", "Location: https://localhost/elsewhere"),
        "429" => FakeReply.Json(429, "", "Retry-After: 33"),
        "100" => FakeReply.Raw("HTTP/1.1 100 Continue\r\n\r\n"),
        "not HTTP" => FakeReply.Raw("220 mail.example.org ESMTP\r\n"),
        "garbage" => FakeReply.Json(200, Garbage),
        "nothing" => FakeReply.Json(200, ""),
        "no response" => FakeReply.Json(200, """{"stat":"OK"}"""),
        "no length" => FakeReply.Raw("HTTP/1.1 200 OK\r\n\r\n{}") with { Closes = true },
        "truncated" => FakeReply.Ok("""{"result":"allow","status_msg":"Success."}""").Truncated(),
        "too long" => FakeReply.Json(200, new string(' ', 70_000)),
        "endless body" => FakeReply.EndlessBody,
        "endless headers" => FakeReply.EndlessHeaders,
        _ => FakeReply.Json(int.Parse(how, System.Globalization.CultureInfo.InvariantCulture), """{"stat":"FAIL"}"""),
    };

    private static DuoException Fails(Action call)
    {
        long begun = Stopwatch.GetTimestamp();
        DuoException failed = Assert.Throws<DuoException>(call);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, _longest);
        return failed;
    }
}
