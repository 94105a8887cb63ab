using System.Net;
using System.Net.Sockets;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A port where nothing answers, not even TCP: its queue is full, and the kernel drops the rest.</summary>
internal sealed class FakeBlackHole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    public FakeBlackHole(IPAddress? address = null, int port = 0)
    {
        _listener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, port));
        _listener.Listen(0);
        for (int i = 0; i < 4; i++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(socket);
            try
            {
                socket.Connect(_listener.LocalEndPoint!);
            }
            catch (SocketException underWay) when (underWay.SocketErrorCode is SocketError.WouldBlock)
            {
                // It waits in the queue, or for a place in it.
            }
        }
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose()
    {
        _waiting.ForEach(socket => socket.Dispose());
        _listener.Dispose();
    }
}
