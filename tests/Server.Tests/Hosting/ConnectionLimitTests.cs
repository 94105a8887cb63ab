using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Server.Hosting;
using Sallyport.Server.Web;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>A whole server whose connections come from loopback, and the limit alone for addresses that are not here.</summary>
public sealed class ConnectionLimitTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_shares_a_full_source_gets_in_and_what_was_idle_longest_is_closed()
    {
        Recorder log = new();
        await using HostedServer server = await HostedServer.StartAsync(replace: log.Install);
        List<IDisposable> held = await HoldAsync(server, "127.0.0.1", ConnectionLimit.PerSource);
        try
        {
            Assert.Equal("HTTP/1.1 200 OK", await HealthAsync(server, "127.0.0.1"));
            await OneIsClosedAsync(held);
            Assert.Equal("HTTP/1.1 200 OK", await HealthAsync(server, "127.0.0.2"));
            Assert.Single(log.Lines, line => line.Contains(
                $"More than {ConnectionLimit.PerSource} connections from 127.0.0.1, ", StringComparison.Ordinal));
        }
        finally
        {
            held.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task A_request_makes_a_connection_younger()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        await using SslStream used = await server.ConnectAsync((await ConnectAsync(server, "127.0.0.1")).GetStream());
        using TcpClient idle = await ConnectAsync(server, "127.0.0.1");
        Assert.Equal(401, await PreauthAsync(used));
        List<IDisposable> held = await HoldAsync(server, "127.0.0.1", ConnectionLimit.PerSource - 2);

        Assert.Equal("HTTP/1.1 200 OK", await HealthAsync(server, "127.0.0.1"));

        await OneIsClosedAsync([idle, .. held]);
        Assert.Equal(401, await PreauthAsync(used));
        held.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Only_where_all_are_in_use_is_one_refused_and_what_was_used_last_is_closed_last()
    {
        await using HostedServer server = await HostedServer.StartAsync();
        ConnectionLimit limit = server.Services.GetRequiredService<ConnectionLimit>();
        TaskCompletionSource leave = new();
        int entered = 0;
        ConnectionDelegate below = limit.Below(connection =>
        {
            entered++;
            connection.Features.Get<ConnectionUse>()!.Begin();
            return leave.Task;
        });
        DefaultConnectionContext[] busy = [.. Enumerable.Range(0, ConnectionLimit.PerSource).Select(_ => From("203.0.113.5"))];
        List<Task> held = [.. busy.Select(connection => below(connection))];

        DefaultConnectionContext refused = From("203.0.113.5");
        await below(refused);
        Assert.Equal(ConnectionLimit.PerSource, entered);
        await ClosedAsync(refused);

        // The first is done with after the second, so the second has been idle longer.
        busy[1].Features.Get<ConnectionUse>()!.End(1);
        busy[0].Features.Get<ConnectionUse>()!.End(2);
        held.Add(below(From("203.0.113.5")));
        await ClosedAsync(busy[1]);
        held.Add(below(From("203.0.113.5")));
        await ClosedAsync(busy[0]);
        held.Add(below(From("203.0.113.5")));

        Assert.Equal(ConnectionLimit.PerSource + 2, entered);
        Assert.DoesNotContain(busy[2..], connection => connection.ConnectionClosed.IsCancellationRequested);
        leave.SetResult();
        await Task.WhenAll(held);
    }

    [Fact]
    public async Task Of_all_connections_one_of_the_largest_source_goes_for_a_new_one()
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
        DefaultConnectionContext host = From("198.51.100.1");
        List<Task> held = [below(host)];
        DefaultConnectionContext[] flood = [.. Enumerable.Range(1, ConnectionLimit.InAll - 1)
            .Select(i => From($"2001:db8:0:{i / ConnectionLimit.PerSource:x}::1"))];
        held.AddRange(flood.Select(connection => below(connection)));

        held.Add(below(From("198.51.100.2")));
        await ClosedAsync(flood[ConnectionLimit.PerSource - 1]); // the first of the first source that is full

        Assert.Equal(ConnectionLimit.InAll + 1, entered);
        Assert.False(host.ConnectionClosed.IsCancellationRequested, "it is idle longest, and alone of its source");
        Assert.Equal(1, flood.Count(connection => connection.ConnectionClosed.IsCancellationRequested));
        leave.SetResult();
        await Task.WhenAll(held);
        await below(From("198.51.100.3"));
        Assert.Equal(ConnectionLimit.InAll + 2, entered);
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
        ConnectionDelegate below = limit.Below(connection =>
        {
            entered++;
            connection.Features.Get<ConnectionUse>()!.Begin();
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

    private static async Task<int> PreauthAsync(SslStream tls)
    {
        await tls.WriteAsync(
            "POST /auth/v2/preauth HTTP/1.1\r\nHost: auth.example.com\r\nContent-Length: 10\r\n"u8.ToArray(), Stop);
        await tls.WriteAsync("Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=a"u8.ToArray(), Stop);
        byte[] answer = new byte[1024];
        int read = await tls.ReadAsync(answer, Stop);
        return int.Parse(Encoding.ASCII.GetString(answer, 0, read).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task ClosedAsync(DefaultConnectionContext connection)
    {
        while (!connection.ConnectionClosed.IsCancellationRequested)
        {
            await Task.Delay(5, Stop);
        }
    }

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

    /// <summary>Which one depends on the order in which the server's threads took them.</summary>
    private static async Task OneIsClosedAsync(List<IDisposable> held)
    {
        int Closed() => held.OfType<TcpClient>().Count(client => client.Client.Poll(0, SelectMode.SelectRead));
        while (Closed() == 0)
        {
            await Task.Delay(20, Stop);
        }

        Assert.Equal(1, Closed());
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
