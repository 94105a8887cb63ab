using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Sallyport.Server.Tests.Hosting;

#pragma warning disable xUnit1069 // They do end at the time-out: Stop, which every wait here has, is that token.
public sealed class KestrelTests
{
    // Ends a wait that would be without end: the token below is cancelled then.
    private const int Patience = 60_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Facts_7_7_a_connection_may_be_idle_for_300_seconds()
    {
        await using HostedServer server = await HostedServer.StartAsync();

        KestrelServerOptions kestrel = server.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value;

        Assert.True(kestrel.Limits.KeepAliveTimeout >= TimeSpan.FromSeconds(300));
    }

    [Theory(Timeout = Patience)] // facts 7.7 and 1.2
    [InlineData("/healthz")]
    [InlineData("/healthz?")]
    [InlineData("https://auth.example.com/healthz")]
    [InlineData("https://auth.example.com:443/healthz?")]
    public async Task Facts_7_7_every_form_of_a_request_target_is_answered(string target)
    {
        await using HostedServer server = await HostedServer.StartAsync();

        string answer = await server.AskAsync($"GET {target} HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 3\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nServer:", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nok\n", answer, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Facts_7_7_many_requests_go_over_one_connection_each_answered_in_one_record()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Stop);
        var counting = new RecordCounter(client.GetStream());
        await using SslStream tls = await server.ConnectAsync(counting);
        await AskAsync(tls); // the tickets of the TLS session come with the first
        int before = counting.Records;

        await AskAsync(tls);
        await AskAsync(tls);

        Assert.Equal(before + 2, counting.Records);
    }

    [Fact(Timeout = Patience)]
    public async Task A_connection_without_TLS_gets_nothing()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Stop);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Stop);
        byte[] answer = new byte[1024];
        int read = 0;
        try
        {
            read = await stream.ReadAsync(answer, Stop);
        }
        catch (IOException)
        {
            // reset: as good
        }

        Assert.DoesNotContain("HTTP", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }

    [Theory(Timeout = Patience)] // tcp(7): "this flag is not permanent"
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Facts_0_5_and_7_7_each_read_asks_for_acknowledgements_at_once(bool quickAck, int flag)
    {
        var seen = new List<int>();
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { QuickAck = quickAck },
            map: app => app.Use((context, next) =>
            {
                Socket socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
                byte[] value = new byte[4];
                socket.GetRawSocketOption(6, 12, value); // IPPROTO_TCP, TCP_QUICKACK
                seen.Add(BitConverter.ToInt32(value));
                return next(context);
            }));
        await using SslStream tls = await server.ConnectAsync();

        for (int i = 0; i < 4; i++)
        {
            await AskAsync(tls);
        }

        // An answer turns the flag off. Only who sets it again for each read finds it on at the later requests.
        Assert.All(seen.Skip(1), value => Assert.Equal(flag, value));
        Assert.Equal(4, seen.Count);
    }

    [Fact(Timeout = Patience)]
    public async Task A_stop_lets_a_request_finish()
    {
        var arrived = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using HostedServer server = await HostedServer.StartAsync(map: app => app.MapGet("/slow", async () =>
        {
            arrived.SetResult();
            await go.Task;
            return Results.Text("done");
        }));
        Task<string> answer = server.GetAsync("/slow");
        await arrived.Task.WaitAsync(Stop);

        Task stopped = server.StopAsync();
        go.SetResult();

        Assert.EndsWith("done", await answer, StringComparison.Ordinal);
        await stopped.WaitAsync(Stop);
    }

    private static async Task AskAsync(SslStream tls)
    {
        await tls.WriteAsync("GET /healthz HTTP/1.1\r\nHost: auth.example.com\r\n\r\n"u8.ToArray(), Stop);
        byte[] answer = new byte[4096];
        int read = 0;
        while (!Encoding.ASCII.GetString(answer, 0, read).EndsWith("\r\n\r\nok\n", StringComparison.Ordinal))
        {
            int more = await tls.ReadAsync(answer.AsMemory(read), Stop);
            Assert.NotEqual(0, more);
            read += more;
        }
    }
}
