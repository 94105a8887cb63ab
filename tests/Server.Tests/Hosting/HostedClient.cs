using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sallyport.Protocol.Duo;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>An envelope, of JSON or BSON.</summary>
/// <param name="Result">allow, auth or deny; null where it is none of a login.</param>
internal sealed record HostedAnswer(
    int Status, string? Type, string? Stat, int? Code, string? Message, string? Detail, string? Result, bool HasRetryAfter);

/// <summary>Sends requests over HTTPS to a whole server, from a loopback address of its own.</summary>
internal sealed class HostedClient : IDisposable
{
    private static readonly Uri _server = new("https://auth.example.com");
    private readonly HostedServer _host;
    private readonly HttpClient _http;
    private readonly (string Ikey, string Skey) _application;
    private string? _type;

    public HostedClient(HostedServer server, string source, string ikey, string skey)
    {
        Source = source;
        _host = server;
        _application = (ikey, skey);
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, stop) => await ConnectAsync(stop),
            SslOptions = new() { CertificateChainPolicy = server.Trust() },
        };
        _http = new(handler);
    }

    public string Source { get; }

    /// <summary>The last Authorization header that was sent.</summary>
    public string Authorization { get; private set; } = "";

    /// <summary>A text of the response, in JSON.</summary>
    public async Task<string> TextAsync(TestRequest request, string name)
    {
        (_, _, byte[] bytes) = await BytesAsync(request);
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.GetProperty("response").GetProperty(name).GetString()!;
    }

    public async Task<HostedAnswer> SendAsync(TestRequest request)
    {
        (int status, bool hasRetryAfter, byte[] bytes) = await BytesAsync(request);
        bool isBson = _type == "application/bson";
        return (isBson ? OfBson(bytes) : OfJson(bytes)) with
        {
            Status = status, Type = _type, HasRetryAfter = hasRetryAfter,
        };
    }

    /// <summary>What is answered to a text that need be no request, up to the end of the connection.</summary>
    public async Task<string> RawAsync(string text)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using SslStream tls = await _host.ConnectAsync(await ConnectAsync(stop));
        await tls.WriteAsync(Encoding.ASCII.GetBytes(text), stop);
        using StreamReader reader = new(tls, Encoding.Latin1);
        return await reader.ReadToEndAsync(stop);
    }

    private async Task<NetworkStream> ConnectAsync(CancellationToken stop)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Source), 0));
        await socket.ConnectAsync(IPAddress.Loopback, _host.Port, stop);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task<(int Status, bool HasRetryAfter, byte[] Bytes)> BytesAsync(TestRequest request)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using HttpRequestMessage http = request.Sign(_server, now, _application.Ikey, _application.Skey);
        Authorization = http.Headers.NonValidated["Authorization"].ToString();
        using HttpResponseMessage answer = await _http.SendAsync(http, TestContext.Current.CancellationToken);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        _type = answer.Content.Headers.ContentType?.MediaType;
        return ((int)answer.StatusCode, answer.Headers.RetryAfter is not null, bytes);
    }

    public void Dispose() => _http.Dispose();

    private static HostedAnswer OfBson(byte[] bytes)
    {
        Assert.True(BsonDocument.TryParse(bytes, out BsonDocument? root), "a BSON document");
        string? Text(BsonDocument document, string name) => document.TryGet(name, out string? text) ? text : null;
        return new(
            0,
            null,
            Text(root, "stat"),
            root.TryGet("code", out int code) ? code : null,
            Text(root, "message"),
            Text(root, "message_detail"),
            root.TryGet("response", out BsonDocument? response) ? Text(response, "result") : null,
            false);
    }

    private static HostedAnswer OfJson(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        JsonElement root = document.RootElement;
        string? Text(JsonElement element, string name) =>
            element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
        return new(
            0,
            null,
            Text(root, "stat"),
            root.TryGetProperty("code", out JsonElement code) ? code.GetInt32() : null,
            Text(root, "message"),
            Text(root, "message_detail"),
            root.TryGetProperty("response", out JsonElement response) && response.ValueKind is JsonValueKind.Object
                ? Text(response, "result")
                : null,
            false);
    }
}
