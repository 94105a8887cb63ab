using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.Host.Tests.Duo;

/// <summary>A proxy that speaks CONNECT, and connects to one place whatever it is asked for.</summary>
internal sealed class FakeProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _tasks = [];
    private readonly int _target;

    public FakeProxy(int target)
    {
        _target = target;
        _listener.Start();
        _tasks.Add(AcceptAsync());
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The head of each request.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Null: it never answers.</summary>
    public string? Answer { get; set; } = "HTTP/1.0 200 Connection established\r\n\r\n";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll(_tasks);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _tasks.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException)
        {
            // It was stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient connection = client;
        try
        {
            NetworkStream stream = client.GetStream();
            byte[] one = new byte[1];
            StringBuilder head = new();
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)
                && await stream.ReadAsync(one, _stop.Token) > 0)
            {
                head.Append((char)one[0]);
            }

            Requests.Enqueue(head.ToString());
            if (Answer is null)
            {
                await Task.Delay(Timeout.Infinite, _stop.Token);
            }

            await stream.WriteAsync(Encoding.Latin1.GetBytes(Answer!), _stop.Token);
            if (!Answer!.Contains(" 200", StringComparison.Ordinal))
            {
                return;
            }

            using TcpClient target = new();
            await target.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            await Task.WhenAny(
                stream.CopyToAsync(target.GetStream(), _stop.Token),
                target.GetStream().CopyToAsync(stream, _stop.Token));
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or SocketException)
        {
            // One of them went away.
        }
    }
}
