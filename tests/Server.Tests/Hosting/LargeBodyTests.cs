using System.Globalization;
using System.Net.Security;
using System.Text;

namespace Sallyport.Server.Tests.Hosting;

#pragma warning disable xUnit1069 // They do end at the time-out: Stop, which every wait here has, is that token.
/// <summary>Who sends far too much reads why, because he is not cut off while he sends, and can go on.</summary>
public sealed class LargeBodyTests
{
    private const int Patience = 60_000;
    private const int TenMegabytes = 10 * 1024 * 1024;
    private const string TooLarge = """{"stat":"FAIL","code":41301,"message":"Request body too large"}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Patience)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_10_MB_is_refused_in_the_envelope_and_the_connection_stays(bool isChunked)
    {
        await using HostedServer server = await HostedServer.StartAsync();
        await using SslStream tls = await server.ConnectAsync();

        await SendAsync(tls, "/auth/v2/preauth", isChunked);
        (string status, string body) = await ReadAsync(tls);
        await SendAsync(tls, "/auth/v2/nothing", isChunked);
        (string unread, _) = await ReadAsync(tls);
        await tls.WriteAsync("GET /auth/v2/ping? HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Stop);
        (string next, string pong) = await ReadAsync(tls);

        Assert.Equal(("HTTP/1.1 413 Payload Too Large", TooLarge), (status, body));
        Assert.Equal("HTTP/1.1 404 Not Found", unread);
        Assert.Equal("HTTP/1.1 200 OK", next);
        Assert.StartsWith("{\"stat\":\"OK\"", pong, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Who_announces_more_than_is_passed_over_gets_his_answer_and_is_cut_off()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        await using SslStream tls = await server.ConnectAsync();
        await tls.WriteAsync(Encoding.ASCII.GetBytes(Head("/auth/v2/preauth", "Content-Length: 1000000000")), Stop);

        (string status, string body) = await ReadAsync(tls);

        Assert.Equal(("HTTP/1.1 413 Payload Too Large", TooLarge), (status, body));
        Assert.True(await IsCutOffAsync(tls));
    }

    [Fact(Timeout = Patience)]
    public async Task Who_announces_10_MB_and_sends_nothing_is_cut_off_within_seconds()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        await using SslStream tls = await server.ConnectAsync();
        await tls.WriteAsync(Encoding.ASCII.GetBytes(Head("/auth/v2/preauth", $"Content-Length: {TenMegabytes}")), Stop);
        (string status, _) = await ReadAsync(tls);

        Assert.Equal("HTTP/1.1 413 Payload Too Large", status);
        Assert.True(await IsCutOffAsync(tls));
    }

    private static string Head(string path, string length) =>
        $"POST {path} HTTP/1.1\r\nHost: auth.example.com\r\n{length}\r\n"
        + "Content-Type: application/x-www-form-urlencoded\r\n\r\n";

    /// <summary>All of it, before anything is read.</summary>
    private static async Task SendAsync(SslStream tls, string path, bool isChunked)
    {
        byte[] some = new byte[64 * 1024];
        Array.Fill(some, (byte)'a');
        byte[] size = Encoding.ASCII.GetBytes(some.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(Head(
            path, isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {TenMegabytes}")), Stop);
        for (int sent = 0; sent < TenMegabytes; sent += some.Length)
        {
            await tls.WriteAsync(isChunked ? [.. size, .. some, .. "\r\n"u8] : some, Stop);
        }

        if (isChunked)
        {
            await tls.WriteAsync("0\r\n\r\n"u8.ToArray(), Stop);
        }
    }

    private static async Task<bool> IsCutOffAsync(SslStream tls)
    {
        try
        {
            return await tls.ReadAsync(new byte[1], Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Stop) == 0;
        }
        catch (IOException)
        {
            return true; // reset, because there is more that nobody reads
        }
    }

    private static async Task<(string Status, string Body)> ReadAsync(SslStream tls)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.Equal(1, await tls.ReadAsync(one, Stop));
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n");
        string length = Assert.Single(lines, line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
        byte[] body = new byte[int.Parse(length["Content-Length: ".Length..], CultureInfo.InvariantCulture)];
        await tls.ReadExactlyAsync(body, Stop);
        return (lines[0], Encoding.UTF8.GetString(body));
    }
}
