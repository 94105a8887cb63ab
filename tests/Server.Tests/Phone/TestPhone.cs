using System.Security.Cryptography;
using System.Text.Json;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Tests.Phone;

/// <summary>A phone with a key of its own, which speaks as docs/formats/phone-api.md has it.</summary>
internal sealed class TestPhone(TestServer server, ECDsa? key = null) : IDisposable
{
    public const string Host = "sallyport.example";

    private static readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 });

    public ECDsa Key { get; } = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Null until it is activated.</summary>
    public string? Device { get; set; }

    /// <summary>One of a user who is there.</summary>
    public static async Task<TestPhone> ActivatedAsync(TestServer server, string user, string kind = "app")
    {
        TestPhone phone = new(server);
        PhoneReply reply = await phone.ActivateAsync(await CodeAsync(server, user), kind);
        Assert.Equal("201", reply.Said);
        return phone;
    }

    /// <summary>The same phone, which asks another node.</summary>
    public TestPhone At(TestServer other) => new(other, Key) { Device = Device };

    public static async Task<string> CodeAsync(TestServer server, string user)
    {
        AddActivationResult result = await server.Get<AddActivation>().RunAsync(new(user), TestServer.Stop);
        return Assert.IsType<AddActivationResult.Added>(result).Code.ExposeGrouped();
    }

    public static PhoneRequest Activation(string code, string kind = "app", string name = "my phone") => new(
        "POST", "/phone/v1/activate", JsonSerializer.Serialize(new { code, name, kind }));

    public async Task<PhoneReply> ActivateAsync(string code, string kind = "app", string name = "my phone")
    {
        PhoneReply reply = await SendAsync(Activation(code, kind, name));
        Device = reply.Said == "201" ? reply.Text("device") : null;
        return reply;
    }

    public Task<PhoneReply> SendAsync(string method, string path, string? body = null) =>
        SendAsync(new PhoneRequest(method, "/phone/v1/" + path, body));

    public async Task<PhoneReply> SendAsync(PhoneRequest request)
    {
        using HttpRequestMessage http = Sign(request);
        using HttpResponseMessage response = await _http.SendAsync(http, TestServer.Stop);
        return await PhoneReply.OfAsync(response);
    }

    public HttpRequestMessage Sign(PhoneRequest request) => request.Sign(server.Address, Host, Key, Device, server.Now);

    /// <summary>Its answers, as long as it is held open.</summary>
    public async Task<TestEvents> EventsAsync()
    {
        using HttpRequestMessage http = Sign(new("GET", "/phone/v1/events"));
        HttpResponseMessage response = await _http.SendAsync(
            http, HttpCompletionOption.ResponseHeadersRead, TestServer.Stop);
        return new(server, response, await response.Content.ReadAsStreamAsync(TestServer.Stop));
    }

    public async Task<JsonElement[]> PendingAsync()
    {
        PhoneReply reply = await SendAsync("GET", "pending");
        Assert.Equal("200", reply.Said);
        return [.. reply.Json.GetProperty("requests").EnumerateArray()];
    }

    /// <summary>The result.</summary>
    public async Task<string?> AnswerAsync(JsonElement request, ApprovalDecision decision, string? number = null)
    {
        string approval = ApprovalJws.Sign(RecordOf(request), new(decision, number), Key);
        JsonElement transaction = request.GetProperty("transaction");
        PhoneReply reply = await SendAsync(
            "POST", "answer", JsonSerializer.Serialize(new { transaction, approval }));
        Assert.Equal("200", reply.Said);
        return reply.Text("result");
    }

    public static ApprovalRecord RecordOf(JsonElement request) => new()
    {
        Server = request.GetProperty("server").GetString()!,
        Transaction = request.GetProperty("transaction").GetString()!,
        Device = request.GetProperty("device").GetString()!,
        Application = request.GetProperty("application").GetString()!,
        User = request.GetProperty("user").GetString()!,
        Host = request.GetProperty("host").GetString(),
        Address = request.GetProperty("address").GetString(),
        Key = request.GetProperty("key").GetString(),
        Expires = request.GetProperty("expires").GetInt64(),
    };

    public void Dispose() => Key.Dispose();
}

/// <summary>A stream of events that is being read.</summary>
internal sealed class TestEvents(TestServer server, HttpResponseMessage response, Stream body) : IDisposable
{
    private readonly StreamReader _reader = new(body);
    private Task<string?>? _line;

    public HttpResponseMessage Response => response;

    /// <summary>The next line, while the clock stands; null: it has ended.</summary>
    public async Task<string?> LineAsync()
    {
        _line ??= _reader.ReadLineAsync(TestServer.Stop).AsTask();
        string? line = await _line.WaitAsync(TimeSpan.FromSeconds(20), TestServer.Stop);
        _line = null;
        return line;
    }

    /// <summary>The next event's data; comments are passed over.</summary>
    public async Task<JsonElement[]> NextAsync()
    {
        string? line = await LineAsync();
        while (line is "" or ":")
        {
            line = await LineAsync();
        }

        Assert.Equal("event: pending", line);
        string data = (await LineAsync())!;
        Assert.StartsWith("data: ", data, StringComparison.Ordinal);
        Assert.Equal("", await LineAsync());
        return [.. JsonDocument.Parse(data["data: ".Length..]).RootElement.GetProperty("requests").EnumerateArray()];
    }

    /// <summary>The next line that comes when time goes by in such steps, and how many there were.</summary>
    public async Task<(string? Line, int Steps)> LineInTimeAsync(TimeSpan step)
    {
        int steps = 0;
        Task<string?> next = LineAsync();
        while (!next.IsCompleted)
        {
            server.Clock.Advance(step);
            steps++;
            await Task.WhenAny(next, Task.Delay(200, TestServer.Stop));
        }

        return (await next, steps);
    }

    public void Dispose() => response.Dispose();
}
