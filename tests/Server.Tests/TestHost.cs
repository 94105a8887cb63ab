using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sallyport.Protocol.Duo;

namespace Sallyport.Server.Tests;

/// <summary>One request to be sent; a test bends one thing of it.</summary>
internal sealed record TestRequest(string Method, string Path, params (string Name, string Value)[] Parameters)
{
    public DuoSignatureVersion Version { get; init; } = DuoSignatureVersion.V2;

    public DuoDigest Digest { get; init; } = DuoDigest.Sha512;

    /// <summary>Seconds that the host's clock is ahead.</summary>
    public double ClockError { get; init; }

    public string UserAgent { get; init; } = "login_duo/2.2.4 (x86_64-pc-linux-gnu) libduo/2.2.4";

    public string ContentType { get; init; } = "application/x-www-form-urlencoded";

    /// <summary>In place of the parameters.</summary>
    public byte[]? Body { get; init; }

    public string? Authorization { get; init; }

    public string? Query { get; init; }

    /// <summary>Beside those that a client sends.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>As an application signs it; what cannot be read gets a signature that is wrong.</summary>
    public HttpRequestMessage Sign(Uri server, DateTimeOffset now, string ikey, string skey)
    {
        string canonical = DuoParameters.Of(Parameters).Canonical();
        bool isGet = Method == "GET";
        string target = isGet ? $"{Path}?{canonical}" : Path + Query;
        byte[] body = Body ?? (isGet ? [] : Encoding.ASCII.GetBytes(canonical));
        string date = (now + TimeSpan.FromSeconds(ClockError)).ToString("r", CultureInfo.InvariantCulture);
        bool isDated = Version is not DuoSignatureVersion.V1;
        HttpRequestMessage http = new(new HttpMethod(Method), new Uri(server, target));
        if (!isGet)
        {
            http.Content = new ByteArrayContent(body);
            http.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }

        DuoRequestParts parts = new()
        {
            Method = Method,
            Host = server.Authority,
            Target = target,
            ContentType = isGet ? null : ContentType,
            Body = body,
            XDuoHeaders = isDated ? [new("X-Duo-Date", date)] : [],
        };
        string authorization = Authorization
            ?? (DuoRequestText.TryParse(parts, out DuoRequestText? text, out _, out _)
                ? DuoAuthorization.Format(
                    ikey, DuoSignature.Sign(Version, Digest, text, Encoding.ASCII.GetBytes(skey)))
                : DuoAuthorization.Format(ikey, new string('0', 128)));
        http.Headers.TryAddWithoutValidation("Authorization", authorization);
        http.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        foreach ((string name, string value) in Headers)
        {
            http.Headers.TryAddWithoutValidation(name, value);
        }

        if (isDated)
        {
            http.Headers.TryAddWithoutValidation("X-Duo-Date", date);
        }

        return http;
    }
}

/// <param name="Json">The root; undefined for BSON.</param>
internal sealed record TestAnswer(HttpStatusCode Status, JsonElement Json, byte[] Bytes, HttpResponseHeaders Headers)
{
    /// <summary>What the server logged; says why where there is no response.</summary>
    public string Why { get; init; } = "";

    public JsonElement Response => Json.TryGetProperty("response", out JsonElement response)
        ? response
        : throw new InvalidOperationException($"{Json} {Why}");

    public int Code => Json.GetProperty("code").GetInt32();

    public string? Detail => Json.TryGetProperty("message_detail", out JsonElement detail) ? detail.GetString() : null;

    public string? Text(string name) => Response.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}

/// <summary>A host that has an application's keys and speaks as login_duo does.</summary>
internal sealed record TestHost(TestServer Server, string Ikey, string Skey)
{
    private static readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 });

    public string Address { get; init; } = "203.0.113.5";

    public Task<TestAnswer> PreauthAsync(string name)
    {
        Server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        return SendAsync(Preauth(name));
    }

    public TestRequest Preauth(string name, params (string, string)[] more) => new(
        "POST",
        "/auth/v2/preauth",
        [
            ("username", name), ("text_prompt", "1"), ("hostname", "web1"), ("failmode", "closed"),
            ("ipaddr", Address), .. more,
        ]);

    public TestRequest Auth(string name, string prompt, params (string, string)[] more) => new(
        "POST",
        "/auth/v2/auth",
        [
            ("username", name), ("factor", "prompt"), ("prompt", prompt), ("async", "0"), ("hostname", "web1"),
            ("ipaddr", Address), .. more,
        ]);

    /// <summary>Each at a second of its own, as people type.</summary>
    public Task<TestAnswer> AuthAsync(string name, string prompt)
    {
        Server.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        return SendAsync(Auth(name, prompt));
    }

    /// <summary>allow or deny.</summary>
    public async Task<string?> LogInAsync(string name, string prompt) => (await AuthAsync(name, prompt)).Text("result");

    public async Task<TestAnswer> SendAsync(TestRequest request)
    {
        using HttpResponseMessage response = await _http.SendAsync(Sign(request), TestServer.Stop);
        return await ReadAsync(response);
    }

    /// <summary>The same request as often as wanted: it is signed once.</summary>
    public async Task<TestAnswer[]> SendTwiceAsync(TestRequest request)
    {
        using HttpRequestMessage one = Sign(request);
        using HttpRequestMessage two = Sign(request);
        using HttpResponseMessage first = await _http.SendAsync(one, TestServer.Stop);
        Server.Clock.Advance(TimeSpan.FromSeconds(1));
        using HttpResponseMessage second = await _http.SendAsync(two, TestServer.Stop);
        return [await ReadAsync(first), await ReadAsync(second)];
    }

    public HttpRequestMessage Sign(TestRequest request) => request.Sign(Server.Address, Server.Now, Ikey, Skey);

    private async Task<TestAnswer> ReadAsync(HttpResponseMessage response)
    {
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(TestServer.Stop);
        bool isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return new(
            response.StatusCode, isJson ? JsonDocument.Parse(bytes).RootElement : default, bytes, response.Headers)
        {
            Why = string.Join('\n', Server.Log.Lines),
        };
    }
}
