using System.Net;
using System.Net.Sockets;

namespace Sallyport.Bench;

/// <summary>Between a host and its server: counts connections, each of them a TLS handshake, and bytes, both ways.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _connections;
    private long _bytes;

    public Relay()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    public (int Connections, long Bytes) Count => (Volatile.Read(ref _connections), Interlocked.Read(ref _bytes));

    /// <summary>From now on to this port of loopback, until it is disposed of.</summary>
    public async Task RunAsync(int port)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            catch (Exception over) when (over is SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _connections);
            Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, port);
            _ = PassAsync(client, server);
            _ = PassAsync(server, client);
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task PassAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int length;
            while ((length = await from.ReceiveAsync(buffer)) > 0)
            {
                Interlocked.Add(ref _bytes, length);
                await to.SendAsync(buffer.AsMemory(0, length));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            to.Close(); // the one is gone, and so is the other
        }
    }
}
