using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Sallyport.Host.Tests.Duo;

/// <summary>How the service misbehaves before there is a request.</summary>
internal enum FakeHandshake
{
    Right,

    /// <summary>TCP connects, TLS does not begin.</summary>
    Silent,

    Hangup,

    Garbage,
}

/// <summary>
/// The service on the wire, as the facts of Duo's API have it: TLS, HTTP/1.1, signatures. What a client must not do is
/// in <see cref="Faults"/>, and is answered as a server would. It uses nothing of ours, so that an error of ours does
/// not cancel itself out. FakeDuoService.Rules.cs is what it insists on, FakeDuoService.Login.cs what it answers.
/// </summary>
internal sealed partial class FakeDuoService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, TcpClient> _clients = new();
    private readonly ConcurrentBag<Task> _tasks = [];
    private int _connections;
    private int _handshakes;
    private long _bytes;

    public FakeDuoService(FakeCertificate? certificate = null, int port = 0)
    {
        Certificate = certificate ?? new FakeCertificate();
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _tasks.Add(AcceptAsync());
    }

    /// <summary>20 characters, A to Z and 0 to 9, and 40.</summary>
    public const string IntegrationKey = "DIABCDEFGHIJKLMNOPQR";
    public const string SecretKey = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    public FakeCertificate Certificate { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Each request in its order, right or wrong.</summary>
    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    /// <summary>What the client did that it must not do. A test ends by seeing that there is none.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>So many are open now.</summary>
    public int Open => _clients.Count;

    public int Connections => Volatile.Read(ref _connections);

    public int Handshakes => Volatile.Read(ref _handshakes);

    /// <summary>Of TLS, both ways, of connections that have ended.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public FakeHandshake Handshake { get; set; }

    /// <summary>In place of the usual answer; null: the usual one.</summary>
    public Func<FakeRequest, FakeReply?> Script { get; set; } = static _ => null;

    /// <summary>Its clock, compared with this machine's.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>"METHOD /path" of each request, in its order.</summary>
    public string[] Calls => [.. Requests.Select(request => $"{request.Method} {request.Path}")];

    /// <summary>Ends the connections that are open, as a server or a firewall does that has no patience.</summary>
    public void CloseConnections()
    {
        foreach (TcpClient client in _clients.Values)
        {
            client.Close();
        }
    }

    /// <summary>The network is gone: nothing that comes is even acknowledged, and nobody can connect.</summary>
    public void Vanish()
    {
        FakeNetwork.Drop(_listener.Server);
        foreach (TcpClient client in _clients.Values)
        {
            FakeNetwork.Drop(client.Client);
        }
    }

    /// <summary>No more connections; those that are open end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        CloseConnections();
        await Task.WhenAll(_tasks);
        Certificate.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                int number = Interlocked.Increment(ref _connections);
                _clients[number] = client;
                _tasks.Add(Task.Run(() => ServeAsync(client, number)));
            }
        }
        catch (Exception stopped) when (
            stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was stopped.
        }
    }

    private async Task ServeAsync(TcpClient client, int number)
    {
        using TcpClient connection = client;
        try
        {
            FakeTlsRecords records = new(client.GetStream());
            switch (Handshake)
            {
                case FakeHandshake.Silent:
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                    return;
                case FakeHandshake.Hangup:
                    return;
                case FakeHandshake.Garbage:
                    await records.WriteAsync("SSH-2.0-not_what_you_think\r\n"u8.ToArray(), _stop.Token);
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                    return;
            }

            await using SslStream tls = new(records);
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = Certificate.Leaf,
                    ServerCertificateContext =
                        SslStreamCertificateContext.Create(Certificate.Leaf, null, offline: true),
                },
                _stop.Token);
            Interlocked.Increment(ref _handshakes);

            // The end of a client's handshake is one such record in TLS 1.3, and none in 1.2.
            int before = tls.SslProtocol is SslProtocols.Tls13 ? 1 : 0;
            try
            {
                while (await FakeRequest.ReadAsync(tls, _stop.Token) is FakeRequest request)
                {
                    request = request with { Connection = number, Records = records.Count - before };
                    before = records.Count;
                    if (!await AnswerAsync(tls, request))
                    {
                        return;
                    }
                }
            }
            finally
            {
                Interlocked.Add(ref _bytes, records.Received + records.Sent);
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or AuthenticationException
            or ObjectDisposedException or SocketException or InvalidOperationException)
        {
            // The client went away, or the test is over.
        }
        finally
        {
            _clients.TryRemove(number, out _);
        }
    }

    private async Task<bool> AnswerAsync(SslStream tls, FakeRequest request)
    {
        Requests.Enqueue(request);
        foreach (string fault in Check(request))
        {
            Faults.Enqueue($"{request.Method} {request.Target}: {fault}");
        }

        FakeReply reply = Script(request) ?? (IsSigned(request)
            ? await LoginAsync(request)
            : FakeReply.Fail(40103, "Invalid signature in request credentials"));
        reply = IsOurs && reply.IsWhole ? reply.With("X-Sallyport: 1") : reply;
        await Task.Delay(reply.Delay, _stop.Token);
        foreach (byte[] piece in reply.Drip > TimeSpan.Zero ? reply.Bytes.Chunk(1) : [reply.Bytes])
        {
            await tls.WriteAsync(piece, _stop.Token);
            await Task.Delay(reply.Drip, _stop.Token);
        }

        while (reply.Endless is byte[] endless)
        {
            await tls.WriteAsync(endless, _stop.Token);
        }

        return !reply.Closes;
    }
}
