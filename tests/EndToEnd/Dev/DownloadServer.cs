using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.EndToEnd.Dev;

/// <summary>Serves one text on the loopback address, whatever the path, until it is disposed.</summary>
internal sealed class DownloadServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _response;
    private int _requests;

    public DownloadServer(string text)
    {
        _response = $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\n" +
            $"Connection: close\r\n\r\n{text}";
        _listener.Start();
        _ = ServeAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}/dotnet-install.sh";

    public int Requests => Volatile.Read(ref _requests);

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                using StreamReader request = new(client.GetStream());
                while (await request.ReadLineAsync() is { Length: > 0 })
                {
                }

                Interlocked.Increment(ref _requests);
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(_response));
            }
        }
        catch (SocketException)
        {
            // The listener was closed: the test is over.
        }
    }
}
