using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>Sockets that systemd passes on; here the test holds them, in systemd's place.</summary>
public sealed partial class ListenSocketsTests : IDisposable
{
    private static readonly string _self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private readonly Socket _systemds = Listening();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IPEndPoint Address => (IPEndPoint)_systemds.LocalEndPoint!;

    public void Dispose() => _systemds.Dispose();

    [Fact]
    public async Task Who_comes_while_the_server_is_away_waits_in_systemds_queue_and_is_answered_by_its_next_run()
    {
        await using (HostedServer first = await StartAsync())
        {
            Assert.Contains("200 OK", await first.GetAsync("/healthz"), StringComparison.Ordinal);
        }

        using TcpClient early = new();
        await early.ConnectAsync(Address, Stop); // and is not refused
        await using HostedServer next = await StartAsync();
        await using var tls = await next.ConnectAsync(early.GetStream());

        Assert.True(tls.IsAuthenticated);
    }

    [Fact]
    public void What_systemd_holds_and_no_setting_names_is_refused_with_both()
    {
        using ListenSockets sockets = new(Settings(new IPEndPoint(IPAddress.Loopback, 1)));

        var refused = Assert.Throws<SettingsException>(() => sockets.Bind(Take()));

        Assert.Equal(
            $"sallyport-server.socket has {Address}, and 'listen' is 127.0.0.1:1: make them the same, or "
            + "systemctl disable --now sallyport-server.socket",
            refused.Message);
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData(null, "1")]
    [InlineData("self", null)]
    [InlineData("self", "-1")]
    public void What_is_for_another_process_is_not_touched(string? pid, string? count) =>
        Assert.Empty(SystemdSockets.Take(pid == "self" ? _self : pid, count, Descriptor(_systemds)));

    [Fact]
    public void What_is_no_socket_that_takes_connections_over_ip_is_refused()
    {
        string file = Path.GetTempFileName();
        using FileStream open = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.DeleteOnClose);
        using Socket bound = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using Socket unix = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        unix.Bind(new UnixDomainSocketEndPoint($"\0sallyport-test-{_self}"));
        unix.Listen();

        foreach (int descriptor in (int[])[dup((int)open.SafeFileHandle.DangerousGetHandle()), Descriptor(bound), Descriptor(unix)])
        {
            Assert.Throws<SettingsException>(() => SystemdSockets.Take(_self, "1", descriptor));
        }
    }

    private static Socket Listening()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private Task<HostedServer> StartAsync() => HostedServer.StartAsync(
        settings => settings with { Listen = [Address] }, held: Take());

    private Dictionary<EndPoint, Socket> Take() => SystemdSockets.Take(_self, "1", Descriptor(_systemds));

    private static ServerSettings Settings(IPEndPoint listen) => new()
    {
        DataFolder = "/", PublicHost = new PublicHost("auth.example.com", 443), Listen = [listen],
    };

    // Of the same socket, as systemd passes it on.
    private static int Descriptor(Socket socket) => dup((int)socket.Handle);

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);
}
