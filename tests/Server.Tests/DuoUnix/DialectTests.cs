using System.Globalization;
using System.Text.Json;

namespace Sallyport.Server.Tests.DuoUnix;

/// <summary>The dialects of duo_unix that Debian does not ship. The numbers are those of the facts.</summary>
public sealed class DialectTests(ServerWithTokens given) : IClassFixture<ServerWithTokens>
{
    private const string Wrong = "Incorrect passcode. Please try again.";

    public static TheoryData<string, bool> Ways => new(
        from name in Dialect.All.Keys
        from isAsync in new[] { true, false }
        select (name, isAsync));

    public static TheoryData<string> Names => [.. Dialect.All.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Facts_0_1_and_7_1_each_dialect_logs_in_over_one_connection(string name, bool isAsync)
    {
        Dialect dialect = Dialect.All[name];
        string user = await given.EnrolAsync();
        await using DuoUnixClient client = given.Client(dialect);

        Assert.Equal($"Duo two-factor login for {user}\n\nPasscode: ", await AskAsync(client, dialect, user));
        Assert.Equal(("deny", Wrong), await AnswerAsync(client, dialect, user, "000000", isAsync));
        client.Ahead = TimeSpan.FromSeconds(1);
        await AskAsync(client, dialect, user);
        Assert.Equal(("deny", Wrong), await AnswerAsync(client, dialect, user, "\n", isAsync)); // Enter: %0A
        client.Ahead = TimeSpan.FromSeconds(2);
        await AskAsync(client, dialect, user);
        Assert.Equal(
            ("allow", "Success. Logging you in..."),
            await AnswerAsync(client, dialect, user, ServerWithTokens.Passcodes[0], isAsync));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Facts_1_7_and_7_3_the_third_attempt_at_an_async_auth_has_the_verdict(string name)
    {
        Dialect dialect = Dialect.All[name];
        string user = await given.EnrolAsync();
        await using DuoUnixClient client = given.Client(dialect);
        (string, string)[] auth = dialect.Auth(user, "web1", ServerWithTokens.Passcodes[0], isAsync: true);

        for (int attempt = 0; attempt < 2; attempt++)
        {
            await client.LoseAsync(dialect.Path("auth"), auth);
            client.Ahead += TimeSpan.FromSeconds(1); // it waits, and what is dated is signed anew
        }

        (string result, _) = await AnswerAsync(client, dialect, user, ServerWithTokens.Passcodes[0], isAsync: true);

        Assert.Equal("allow", result);
    }

    /// <summary>What is typed in a headless login, or a menu's choice, that this server cannot do.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Facts_1_3_the_captured_body_is_signed_and_answered(string name)
    {
        Dialect dialect = Dialect.All[name];
        string body = "async=0&factor=prompt&hostname=vm&ipaddr=1.2.3.4&prompt=push1"
            + "&pushinfo=Server%2BIP%3D192.0.2.2%26Command%3Decho%2520HELLO&username=" + await given.EnrolAsync();
        if (!dialect.IsV2)
        {
            // In the order of the encoded pairs.
            string user = body[(body.LastIndexOf('=') + 1)..];
            body = "async=0&auto=push1&factor=auto&hostname=vm&ipaddr=1.2.3.4"
                + "&pushinfo=Server%2BIP%3D192.0.2.2%26Command%3Decho%2520HELLO&user=" + user;
        }

        await using DuoUnixClient client = given.Client(dialect);
        await client.SendAsync("POST", dialect.Path("auth"), body);
        DuoUnixAnswer answer = await client.ReadAsync();

        Assert.Equal((200, "deny"), (answer.Status, answer.Text("result")));
    }

    [Theory]
    [InlineData("Auth.example.com", null)]
    [InlineData("Auth.example.com:8443", null)]
    [InlineData("auth.example.com", null)]
    [InlineData("Auth.example.com:8443", "auth.example.com")] // as the SDKs sign
    public async Task Facts_1_3_and_7_2_the_host_is_signed_as_written_or_in_lower_case(string host, string? signedHost)
    {
        foreach (Dialect dialect in Dialect.All.Values)
        {
            await using DuoUnixClient client = given.Client(dialect, host, signedHost);

            Assert.Equal(200, (await client.AskAsync("GET", dialect.Path("check"))).Status);
        }
    }

    [Theory]
    [InlineData("auth.example.com", "Auth.example.com")]
    [InlineData("Auth.example.com", "AUTH.EXAMPLE.COM")]
    [InlineData("Auth.example.com:8443", "Auth.example.com:8443")]
    [InlineData("Auth.example.com", "example.com")]
    public async Task Facts_7_2_no_other_host_is_signed(string host, string signedHost)
    {
        await using DuoUnixClient client = given.Client(Dialect.All["F"], host, signedHost);

        Assert.Equal(401, (await client.AskAsync("GET", "/auth/v2/check")).Status);
    }

    public static TheoryData<string> Dates =>
    [
        "Thu, 22 Nov 2026 17:18:26 +0000", "Thu, 22 Nov 2026 17:18:26 +0100", "Thu, 22 Nov 2026 17:18:26 -0930",
        "jeu., 22 nov. 2026 17:18:26 +0100", "sáb, 22 nov 2026 17:18:26 -0300", "木, 22 11月 2026 17:18:26 +0900",
    ];

    /// <summary>Between 2.0.4 and 2.2.3: local time, and names in the host's language.</summary>
    [Theory]
    [MemberData(nameof(Dates))]
    public async Task Facts_1_3_a_date_in_the_hosts_zone_and_language_is_read(string like)
    {
        foreach (string name in (string[])["D", "E", "F"])
        {
            await using DuoUnixClient now = given.Client(Dialect.All[name], date: at => Like(like, at));
            await using DuoUnixClient late = given.Client(Dialect.All[name], date: at => Like(like, at.AddMinutes(-6)));

            Assert.Equal(200, (await now.AskAsync("GET", Dialect.All[name].Path("check"))).Status);
            DuoUnixAnswer old = await late.AskAsync("GET", Dialect.All[name].Path("check"));
            Assert.Equal(40105, old.Root.GetProperty("code").GetInt32());
        }
    }

    [Fact]
    public async Task Facts_7_7_errors_have_a_length_on_the_same_connection_and_neither_redirect_nor_challenge()
    {
        await using DuoUnixClient client = given.Client(Dialect.All["F"], signedHost: "another.example.com");
        (string Method, string Path, string Parameters, int Status)[] wrong =
        [
            ("GET", "/auth/v2/check", "", 401), ("POST", "/auth/v2/preauth", "username=%ff", 401),
            ("POST", "/auth/v2/preauth", "username=%4", 400), ("GET", "/auth/v2/preauth", "", 405),
            ("GET", "/auth/v2", "", 404), ("GET", "/", "", 404), ("GET", "/auth/v2/ping", "", 200),
        ];
        foreach ((string method, string path, string parameters, int status) in wrong)
        {
            await client.SendAsync(method, path, parameters);
            DuoUnixAnswer answer = await client.ReadAsync();

            Assert.Equal(status, answer.Status);
            Assert.DoesNotContain(answer.Head, line => line.StartsWith("Location:", StringComparison.OrdinalIgnoreCase)
                || line.StartsWith("WWW-Authenticate:", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("B")]
    [InlineData("C")]
    public async Task Facts_7_1_without_the_mark_for_legacy_clients_an_undated_signature_is_401(string name)
    {
        Dialect undated = Dialect.All[name];
        await using DuoUnixClient client = given.Client(undated with { IsDated = true });
        await using DuoUnixClient strict = client.Speaking(undated);

        Assert.Equal(200, (await client.AskAsync("GET", "/rest/v1/check.json")).Status);
        Assert.Equal(401, (await strict.AskAsync("GET", "/rest/v1/check.json")).Status);
    }

    // Ping, where the dialect has it, and preauth, and what the client does with the answer: the text for the screen.
    private static async Task<string> AskAsync(DuoUnixClient client, Dialect dialect, string user)
    {
        if (dialect.Pings)
        {
            DuoUnixAnswer ping = await client.AskAsync("GET", "/auth/v2/ping");
            Assert.True(ping.Response.GetProperty("time").GetDouble() > 0);
        }

        DuoUnixAnswer preauth = await client.AskAsync("POST", dialect.Path("preauth"), dialect.Preauth(user, "web1"));
        Assert.Equal(
            (200, "OK", "auth"),
            (preauth.Status, preauth.Root.GetProperty("stat").GetString(), preauth.Text("result")));
        JsonElement prompt = preauth.Response.GetProperty("prompt");
        JsonElement factors = (dialect.IsV2 ? prompt : preauth.Response).GetProperty("factors");
        Assert.Equal("auto", factors.GetProperty("default").GetString());
        return (dialect.IsV2 ? prompt.GetProperty("text") : prompt).GetString()!;
    }

    private static async Task<(string Result, string Text)> AnswerAsync(
        DuoUnixClient client, Dialect dialect, string user, string typed, bool isAsync)
    {
        DuoUnixAnswer answer = await client.AskAsync(
            "POST", dialect.Path("auth"), dialect.Auth(user, "web1", typed, isAsync));
        if (isAsync)
        {
            string txid = answer.Text("txid");
            Assert.InRange(txid.Length, 1, 255);
            answer = await client.AskAsync("GET", dialect.Path(dialect.Status), ("txid", txid));
        }

        Assert.Equal(200, answer.Status);
        return (answer.Text("result"), answer.Text(dialect.IsV2 ? "status_msg" : "status"));
    }

    /// <summary>This instant, written like that one: the same weekday, since nobody reads it.</summary>
    private static string Like(string like, DateTimeOffset now)
    {
        string[] words = like.Split(' ');
        string offset = words[^1];
        TimeSpan zone = TimeSpan.ParseExact(offset[1..], "hhmm", CultureInfo.InvariantCulture)
            * (offset[0] == '-' ? -1 : 1);
        DateTimeOffset local = now.ToOffset(zone);
        string month = words[2] switch
        {
            "11月" => $"{local.Month}月",
            "nov." => local.ToString("MMM", CultureInfo.InvariantCulture).ToLowerInvariant() + ".",
            "nov" => local.ToString("MMM", CultureInfo.InvariantCulture).ToLowerInvariant(),
            _ => local.ToString("MMM", CultureInfo.InvariantCulture),
        };
        return $"{words[0]} {local.ToString("dd", CultureInfo.InvariantCulture)} {month} "
            + $"{local.ToString("yyyy HH:mm:ss", CultureInfo.InvariantCulture)} {offset}";
    }
}
