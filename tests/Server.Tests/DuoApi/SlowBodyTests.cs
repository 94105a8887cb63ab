using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Web;

namespace Sallyport.Server.Tests.DuoApi;

/// <summary>Who sends his body slowly, signed or not, keeps nobody out and is not waited for without end.</summary>
public sealed class SlowBodyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Slow_bodies_take_nobodys_place(bool isSigned)
    {
        await using TestServer server = await StartAsync();
        TestUser alice = await server.EnrolAsync("alice");
        List<TcpClient> slow = [];
        for (int i = 0; i <= DuoRequests.MostAtOnce; i++)
        {
            slow.Add(await BeginAsync(server, isSigned));
        }

        await Task.Delay(300, TestServer.Stop); // so that each of them is being read
        Assert.Equal("allow", await server.Host.LogInAsync("alice", alice.Passcode()));
        Assert.DoesNotContain(slow, client => client.Available > 0);
        slow.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_body_that_does_not_end_is_answered_after_its_time_and_the_connection_closed()
    {
        await using TestServer server = await StartAsync();
        using TcpClient slow = await BeginAsync(server, isSigned: true);
        using StreamReader reader = new(slow.GetStream(), Encoding.ASCII);
        Task<string> answer = reader.ReadToEndAsync(TestServer.Stop);
        server.Clock.Advance(RequestBody.Patience - TimeSpan.FromSeconds(1));
        await Task.Delay(300, TestServer.Stop);
        Assert.False(answer.IsCompleted, "it may take its time");

        while (!answer.IsCompleted)
        {
            server.Clock.Advance(RequestBody.Patience);
            await Task.WhenAny(answer, Task.Delay(50, TestServer.Stop));
        }

        Assert.StartsWith("HTTP/1.1 408 ", await answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", await answer, StringComparison.Ordinal);
        Assert.EndsWith(
            """{"stat":"FAIL","code":40801,"message":"Request timeout"}""", await answer, StringComparison.Ordinal);
    }

    // Without the web server's own limit, so that what is seen is ours.
    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        DatabaseKind.Sqlite,
        replace: services => services.Configure<KestrelServerOptions>(
            kestrel => kestrel.Limits.MinRequestBodyDataRate = null));

    /// <summary>All but the last byte.</summary>
    private static async Task<TcpClient> BeginAsync(TestServer server, bool isSigned)
    {
        using HttpRequestMessage request = server.Host.Sign(server.Host.Preauth("alice"));
        byte[] body = await request.Content!.ReadAsByteArrayAsync(TestServer.Stop);
        string head = $"POST /auth/v2/preauth HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\n"
            + $"Content-Length: {body.Length}\r\n"
            + string.Concat(request.Headers.NonValidated.Where(_ => isSigned).Select(h => $"{h.Key}: {h.Value}\r\n"))
            + "\r\n";
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, TestServer.Stop);
        await client.GetStream().WriteAsync(
            (byte[])[.. Encoding.ASCII.GetBytes(head), .. body[..^1]], TestServer.Stop);
        return client;
    }
}
