using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>A whole server whose connections come from loopback, and the limit alone for addresses that are not here.</summary>
public sealed class ConnectionLimitTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_source_gets_its_share_and_no_more_and_others_are_served()
    {
        Recorder log = new();
        await using HostedServer server = await HostedServer.StartAsync(replace: log.Install);
        List<IDisposable> held = await HoldAsync(server, "127.0.0.1", ConnectionLimit.PerSource);
        try
        {
            using TcpClient one = await ConnectAsync(server, "127.0.0.1");
            using TcpClient two = await ConnectAsync(server, "127.0.0.1");
            Assert.True(await IsClosedAsync(one), "one too many is closed at once");
            Assert.True(await IsClosedAsync(two), "and the next");
            Assert.Equal("HTTP/1.1 200 OK", await HealthAsync(server, "127.0.0.2"));
            Assert.Single(log.Lines, line => line.Contains(
                $"More than {ConnectionLimit.PerSource} connections from 127.0.0.1: refusing", StringComparison.Ordinal));
        }
        finally
        {
            held.ForEach(client => client.Dispose());
        }

        // The server sees that they are gone when it sees it.
        while (await HealthAsync(server, "127.0.0.1") is null)
        {
            await Task.Delay(20, Stop);
        }
    }

    [Fact]
    public async Task A_trusted_proxy_is_many_sources()
    {
        await using HostedServer server = await HostedServer.StartAsync(
            settings => settings with { TrustedProxies = [IPNetwork.Parse("127.0.0.3/32")] });
        List<IDisposable> held = await HoldAsync(server, "127.0.0.3", ConnectionLimit.PerSource + 8);

        Assert.Equal("HTTP/1.1 200 OK", await HealthAsync(server, "127.0.0.3"));
        Assert.Equal("HTTP/1.1 200 OK", await HealthAsync(server, "127.0.0.1"));
        held.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", false)] // one /64: one site
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", true)]
    [InlineData("203.0.113.5", "::ffff:203.0.113.5", false)] // one client, however he came
    [InlineData("203.0.113.5", "203.0.113.6", true)]
    [InlineData("2001:db8:1:2::1", "203.0.113.5", true)]
    public async Task A_site_is_one_source(string full, string next, bool served)
    {
        await using HostedServer server = await HostedServer.StartAsync();
        ConnectionLimit limit = server.Services.GetRequiredService<ConnectionLimit>();
        TaskCompletionSource leave = new();
        int entered = 0;
        ConnectionDelegate below = limit.Below(_ =>
        {
            entered++;
            return leave.Task;
        });
        Task[] held = [.. Enumerable.Range(0, ConnectionLimit.PerSource).Select(_ => below(From(full)))];

        Task another = below(From(next));

        Assert.Equal(ConnectionLimit.PerSource + (served ? 1 : 0), entered);
        leave.SetResult();
        await Task.WhenAll([.. held, another]);
        await below(From(full)); // all have left
        Assert.Equal(ConnectionLimit.PerSource + (served ? 2 : 1), entered);
    }

    [Fact]
    public async Task Who_fails_within_leaves_too()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        ConnectionLimit limit = server.Services.GetRequiredService<ConnectionLimit>();
        int entered = 0;
        ConnectionDelegate below = limit.Below(_ =>
        {
            entered++;
            throw new IOException("reset");
        });

        for (int i = 0; i <= ConnectionLimit.PerSource; i++)
        {
            await Assert.ThrowsAsync<IOException>(() => below(From("203.0.113.5")));
        }

        Assert.Equal(ConnectionLimit.PerSource + 1, entered);
    }

    private static DefaultConnectionContext From(string address) =>
        new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 50_000) };

    private static async Task<List<IDisposable>> HoldAsync(HostedServer server, string source, int count)
    {
        List<IDisposable> held = [];
        for (int i = 1; i < count; i++)
        {
            held.Add(await ConnectAsync(server, source));
        }

        // Connections are taken in their order: when the last is in, all are. It stays open as they do.
        held.Add(await server.ConnectAsync((await ConnectAsync(server, source)).GetStream()));
        return held;
    }

    private static async Task<TcpClient> ConnectAsync(HostedServer server, string source)
    {
        TcpClient client = new(new IPEndPoint(IPAddress.Parse(source), 0));
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Stop);
        return client;
    }

    private static async Task<bool> IsClosedAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(5), Stop) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Null: refused.</summary>
    private static async Task<string?> HealthAsync(HostedServer server, string source)
    {
        try
        {
            using TcpClient client = await ConnectAsync(server, source);
            await using SslStream tls = await server.ConnectAsync(client.GetStream());
            await tls.WriteAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(), Stop);
            using StreamReader reader = new(tls, Encoding.ASCII);
            return await reader.ReadLineAsync(Stop);
        }
        catch (Exception refused) when (refused is IOException or SocketException)
        {
            return null;
        }
    }
}
