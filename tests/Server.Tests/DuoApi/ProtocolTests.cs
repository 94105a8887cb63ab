using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Persistence;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.DuoApi;

public sealed class ProtocolTests : IAsyncLifetime
{
    private TestServer _server = null!;

    private TestHost Host => _server.Host;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(DatabaseKind.Sqlite);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Facts_7_2_ping_is_neither_signed_nor_dated()
    {
        TestAnswer v2 = await Host.SendAsync(new("GET", "/auth/v2/ping") { Authorization = "garbage", ClockError = 1e6 });
        TestAnswer v1 = await Host.SendAsync(new("GET", "/rest/v1/ping") { Authorization = "" });

        Assert.Equal(_server.Now.ToUnixTimeSeconds(), v2.Response.GetProperty("time").GetInt64());
        Assert.Equal("pong", v1.Response.GetString());
    }

    [Theory]
    [InlineData("/auth/v2/check", DuoSignatureVersion.V2, DuoDigest.Sha512)]
    [InlineData("/auth/v2/check", DuoSignatureVersion.V2, DuoDigest.Sha1)]
    [InlineData("/auth/v2/check", DuoSignatureVersion.V4, DuoDigest.Sha512)]
    [InlineData("/rest/v1/check", DuoSignatureVersion.V5, DuoDigest.Sha512)]
    [InlineData("/rest/v1/check.json", DuoSignatureVersion.V2, DuoDigest.Sha512)]
    public async Task Facts_7_2_every_dated_signature_is_taken(string path, DuoSignatureVersion version, DuoDigest digest)
    {
        TestAnswer answer = await Host.SendAsync(new("GET", path) { Version = version, Digest = digest });

        Assert.Equal("OK", answer.Json.GetProperty("stat").GetString());
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(300, true)]
    [InlineData(-301, false)]
    [InlineData(301, false)]
    [InlineData(86400, false)]
    [InlineData(-86400, false)]
    public async Task Facts_7_2_the_date_is_good_for_five_minutes(double clockError, bool good)
    {
        TestAnswer answer = await Host.SendAsync(new("GET", "/auth/v2/check") { ClockError = clockError });

        Assert.Equal(good ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, answer.Status);
        if (!good)
        {
            Assert.Equal(40105, answer.Code);
        }
    }

    [Theory]
    [InlineData("GET", "/auth/v2/ping", 200, true)]
    [InlineData("POST", "/auth/v2/preauth", 400, true)]
    [InlineData("GET", "/auth/v2/preauth", 405, true)]
    [InlineData("POST", "/sallyport/v1/cancel", 400, true)]
    [InlineData("GET", "/auth/v2/no-such-call", 404, true)]
    [InlineData("GET", "/rest/v1/ping", 200, false)]
    [InlineData("GET", "/", 404, false)]
    public async Task Answers_of_the_newer_dialect_say_which_server_it_is(
        string method, string path, int status, bool says)
    {
        TestAnswer answer = await Host.SendAsync(new(method, path));

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(says ? ["1"] : [], answer.Headers.TryGetValues("X-Sallyport", out var values) ? values : []);
    }

    [Theory]
    [InlineData("", 40101)]
    [InlineData("Basic ####", 40101)]
    [InlineData("Bearer abc", 40101)]
    public async Task Without_credentials_it_is_401(string authorization, int code)
    {
        TestAnswer answer = await Host.SendAsync(new("GET", "/auth/v2/check") { Authorization = authorization });

        Assert.Equal((HttpStatusCode.Unauthorized, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task An_unknown_key_and_a_wrong_signature_are_401_and_no_audit_row()
    {
        TestHost unknown = Host with { Ikey = "DIAAAAAAAAAAAAAAAAAA" };
        TestHost wrong = Host with { Skey = new string('x', 40) };

        Assert.Equal(40102, (await unknown.SendAsync(new("GET", "/auth/v2/check"))).Code);
        Assert.Equal(40103, (await wrong.SendAsync(new("GET", "/auth/v2/check"))).Code);
        Assert.Equal(40103, (await wrong.PreauthAsync("alice")).Code);
        Assert.Empty(await _server.AuditAsync());
        Assert.DoesNotContain(_server.Log.Lines, l => l.Contains(wrong.Skey, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_refused_requests_are_logged_a_few_times_and_then_told_to_wait()
    {
        TestHost wrong = Host with { Skey = new string('x', 40) };
        TestAnswer answer = null!;
        for (int i = 0; i < 61; i++)
        {
            answer = await wrong.SendAsync(new("GET", "/auth/v2/check"));
        }

        Assert.Equal((HttpStatusCode.TooManyRequests, 42901), (answer.Status, answer.Code));
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(11, _server.Log.Lines.Count(l => l.StartsWith("Refused", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, (await Host.SendAsync(new("GET", "/auth/v2/check"))).Status);
        _server.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(40103, (await wrong.SendAsync(new("GET", "/auth/v2/check"))).Code);
    }

    [Theory]
    [InlineData("GET", "/", 404, 40401)]
    [InlineData("GET", "/auth/v2/nothing", 404, 40401)]
    [InlineData("GET", "/AUTH/V2/PING", 404, 40401)]
    [InlineData("GET", "/admin/v1/users", 404, 40401)]
    [InlineData("GET", "/auth/v2/logo", 404, 40401)]
    [InlineData("GET", "/auth/v2/preauth", 405, 40501)]
    [InlineData("POST", "/auth/v2/ping", 405, 40501)]
    [InlineData("DELETE", "/auth/v2/auth", 405, 40501)]
    [InlineData("POST", "/auth/v2/enroll", 403, 40301)]
    public async Task What_is_no_call_is_an_error_in_the_envelope(string method, string path, int status, int code)
    {
        TestAnswer answer = await Host.SendAsync(new(method, path));

        Assert.Equal((status, code, "FAIL"), ((int)answer.Status, answer.Code, answer.Json.GetProperty("stat").GetString()));
        Assert.Null(answer.Headers.WwwAuthenticate.FirstOrDefault()); // fact 7.7
    }

    [Fact]
    public async Task Enrolment_by_an_application_is_never_done() =>
        Assert.Equal("invalid", (await Host.SendAsync(
            new("POST", "/auth/v2/enroll_status", ("user_id", "DU"), ("activation_code", "x")))).Response.GetString());

    [Theory]
    [InlineData("username=%zz", 400, 40002)]
    [InlineData("username=%", 400, 40002)]
    [InlineData("username=%ff%fe", 400, 40002)]
    [InlineData("username=a%00b", 400, 40002)]
    [InlineData("username=a&username=b", 400, 40002)]
    [InlineData("", 400, 40001)]
    [InlineData("username=", 400, 40001)]
    public async Task A_bad_body_is_named(string body, int status, int code)
    {
        TestAnswer answer = await Host.SendAsync(
            new("POST", "/auth/v2/preauth") { Body = Encoding.ASCII.GetBytes(body) });

        Assert.Equal((status, code), ((int)answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_body_that_is_too_big_or_of_another_type_is_refused()
    {
        TestAnswer big = await Host.SendAsync(new("POST", "/auth/v2/preauth") { Body = new byte[10_000_000] });
        TestAnswer type = await Host.SendAsync(
            new("POST", "/auth/v2/preauth", ("username", "a")) { ContentType = "text/plain" });

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, 41301), (big.Status, big.Code));
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, 41501), (type.Status, type.Code));
    }

    [Theory]
    [InlineData("username", 257)]
    [InlineData("prompt", 256)]
    [InlineData("pushinfo", 20_000)]
    [InlineData("hostname", 256)]
    public async Task Facts_7_6_a_parameter_that_is_too_long_is_named(string name, int length)
    {
        TestRequest request = Host.Auth("alice", "123456", ("pushinfo", ""));
        request = request with { Parameters = [.. request.Parameters.Select(p => p.Name == name ? (name, new string('a', length)) : p)] };

        TestAnswer answer = await Host.SendAsync(request);

        Assert.Equal((40002, name), (answer.Code, answer.Detail));
    }

    [Theory]
    [InlineData("phone", "no capable device")]
    [InlineData("sms", "no capable device")]
    [InlineData("telepathy", "factor")]
    public async Task A_factor_that_the_server_has_not_is_refused(string factor, string detail)
    {
        TestAnswer answer = await Host.SendAsync(
            new("POST", "/auth/v2/auth", ("username", "alice"), ("factor", factor), ("device", "auto")));

        Assert.Equal((40002, detail), (answer.Code, answer.Detail));
    }

    [Fact]
    public async Task Python_and_node_log_in_with_JSON_and_version_5()
    {
        TestUser alice = await _server.EnrolAsync("alice");
        byte[] json = Encoding.UTF8.GetBytes(
            $$"""{"async":"0","factor":"passcode","passcode":"{{alice.Passcode()}}","user_id":"{{alice.Key}}"}""");

        TestAnswer answer = await Host.SendAsync(new("POST", "/auth/v2/auth")
        {
            Body = json, ContentType = "application/json", Version = DuoSignatureVersion.V5,
        });

        Assert.Equal(("allow", "allow"), (answer.Text("result"), answer.Text("status")));
    }

    [Fact]
    public async Task Facts_0_1_undated_signatures_are_for_legacy_applications_only()
    {
        TestUser alice = await _server.EnrolAsync("alice");
        TestRequest preauth = Legacy("preauth.json", ("user", "alice"));
        TestAnswer refused = await Host.SendAsync(preauth);
        await Host.SendAsync(preauth);

        Assert.Equal(40103, refused.Code);
        Assert.Single(_server.Log.Lines, l => l.StartsWith("Refused an undated signature for bastion", StringComparison.Ordinal));
        Assert.Equal(["failure error "], await _server.AuditAsync());

        await _server.ChangeApplicationAsync(a => a.LegacyClients = true);
        TestAnswer taken = await Host.SendAsync(preauth);
        Assert.Equal("auth", taken.Text("result"));
        Assert.Equal("Duo two-factor login for alice\n\nPasscode: ", taken.Text("prompt"));
        Assert.Equal("auto", taken.Response.GetProperty("factors").GetProperty("default").GetString());
        TestAnswer auth = await Host.SendAsync(
            Legacy("auth.json", ("user", "alice"), ("factor", "auto"), ("auto", alice.Passcode()), ("async", "0")));
        Assert.Equal(("allow", "Success. Logging you in..."), (auth.Text("result"), auth.Text("status")));
        TestAnswer replayed = await Host.SendAsync(
            Legacy("auth.json", ("user", "alice"), ("factor", "auto"), ("auto", alice.Passcode()), ("async", "0")));
        Assert.Equal("deny", replayed.Text("result"));
    }

    [Fact]
    public async Task Facts_7_1_BSON_is_answered_with_BSON()
    {
        await _server.ChangeApplicationAsync(a => a.LegacyClients = true);
        await _server.EnrolAsync("alice");

        TestAnswer answer = await Host.SendAsync(Legacy("preauth.bson", ("user", "alice")));
        TestAnswer error = await Host.SendAsync(Legacy("auth.bson", ("user", "alice")));

        string text = Encoding.Latin1.GetString(answer.Bytes);
        Assert.Contains("\u0002result\0\u0005\0\0\0auth\0", text);
        Assert.Contains("\u0003factors\0", text);
        Assert.Equal(BitConverter.ToInt32(answer.Bytes), answer.Bytes.Length);
        Assert.Equal(HttpStatusCode.BadRequest, error.Status);
        Assert.Contains("\u0010code\0\u0041\u009c\0\0", Encoding.Latin1.GetString(error.Bytes)); // 40001
    }

    [Fact]
    public async Task After_a_rotation_the_older_key_signs_until_its_end()
    {
        byte[] newer = Encoding.ASCII.GetBytes(new string('n', 40));
        await _server.ChangeApplicationAsync(a =>
        {
            a.PreviousProtectedSecretKey = a.ProtectedSecretKey;
            a.PreviousSecretKeyUntil = _server.Now.AddHours(1);
            a.ProtectedSecretKey = _server.Get<Secrets>().Protect(SecretKind.SecretKey, a.Id.Value, newer);
        });
        TestHost rotated = Host with { Skey = new string('n', 40) };

        Assert.Equal(HttpStatusCode.OK, (await Host.SendAsync(new("GET", "/auth/v2/check"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await rotated.SendAsync(new("GET", "/auth/v2/check"))).Status);
        _server.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(40103, (await Host.SendAsync(new("GET", "/auth/v2/check"))).Code);
        Assert.Equal(HttpStatusCode.OK, (await rotated.SendAsync(new("GET", "/auth/v2/check"))).Status);
    }

    [Fact]
    public async Task A_removed_application_is_unknown_within_a_second()
    {
        Assert.Equal(HttpStatusCode.OK, (await Host.SendAsync(new("GET", "/auth/v2/check"))).Status);
        await _server.ChangeAsync(db => db.Database.ExecuteSqlAsync($"DELETE FROM applications", TestServer.Stop));

        Assert.Equal(40102, (await Host.SendAsync(new("GET", "/auth/v2/check"))).Code);
    }

    [Fact]
    public async Task Facts_7_8_a_database_that_fails_is_a_503_in_the_envelope_and_nobody_is_let_in()
    {
        await _server.EnrolAsync("alice");
        await _server.ChangeAsync(db => db.Database.ExecuteSqlAsync($"ALTER TABLE users RENAME TO gone", TestServer.Stop));

        TestAnswer preauth = await Host.PreauthAsync("alice");
        TestAnswer auth = await Host.AuthAsync("alice", "123456");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 50301), (preauth.Status, preauth.Code));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 50301), (auth.Status, auth.Code));
    }

    [Fact]
    public async Task Facts_7_7_absolute_targets_and_keep_alive_are_served()
    {
        using System.Net.Sockets.TcpClient client = new();
        await client.ConnectAsync(_server.Address.Host, _server.Address.Port, TestServer.Stop);
        System.Net.Sockets.NetworkStream stream = client.GetStream();
        using StreamReader reader = new(stream, Encoding.ASCII);
        for (int i = 0; i < 2; i++)
        {
            await stream.WriteAsync(
                "GET http://sallyport.example/auth/v2/ping? HTTP/1.1\r\nHost: sallyport.example\r\n\r\n"u8.ToArray(),
                TestServer.Stop);
            Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync(TestServer.Stop));
            int length = 0;
            while (await reader.ReadLineAsync(TestServer.Stop) is { Length: > 0 } header)
            {
                Assert.False(header.StartsWith("Connection: close", StringComparison.OrdinalIgnoreCase));
                length = header.StartsWith("Content-Length: ", StringComparison.Ordinal) ? int.Parse(header[16..], null) : length;
            }

            char[] body = new char[length];
            Assert.Equal(length, await reader.ReadBlockAsync(body, TestServer.Stop));
            Assert.StartsWith("{\"stat\":\"OK\"", new string(body));
        }
    }

    private static TestRequest Legacy(string path, params (string, string)[] parameters) =>
        new("POST", "/rest/v1/" + path, parameters) { Version = DuoSignatureVersion.V1, Digest = DuoDigest.Sha1 };
}
