using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sallyport.EndToEnd.Phone;

/// <summary>A request as it came, its proof already found right.</summary>
internal sealed record PhoneCall(string Method, string Path, string Body, string Unique);

/// <summary>An answer; with more than a body it is a stream, which ends when that has ended.</summary>
internal sealed record PhoneReply(
    int Status, string Body = "", string Headers = "",
    Func<Func<string, Task>, CancellationToken, Task>? Stream = null);

/// <summary>
/// The server's end of docs/formats/phone-api.md on loopback, over TLS, written from that page alone. It does what the
/// test says, and holds each request to its proof.
/// </summary>
internal sealed class FakePhoneServer : IAsyncDisposable
{
    public const string Device = "DP0123456789ABCDEFGH";
    public const string User = "alice";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly X509Certificate2 _certificate;
    private readonly Task _serving;

    public FakePhoneServer(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Address => $"localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>What the device has registered.</summary>
    public ECDsa? Key { get; private set; }

    /// <summary>What is said to a request that has the right proof.</summary>
    public Func<PhoneCall, PhoneReply> Answer { get; set; } = _ => new PhoneReply(404);

    /// <summary>Those that had the right proof, in their order.</summary>
    public List<PhoneCall> Calls { get; } = [];

    /// <summary>What was wrong with one.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>The usual answer to an activation.</summary>
    public PhoneReply Activated() => new(
        201, $$"""{"device":"{{Device}}","user":"{{User}}","server":"{{Address}}"}""");

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _serving;
        _certificate.Dispose();
        Key?.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> connections = [];
        while (!_end.IsCancellationRequested)
        {
            try
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException)
            {
                break;
            }
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using SslStream tls = new(client.GetStream());
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _end.Token);
                (string[] head, string body) = await ReadAsync(tls);
                await WriteAsync(tls, Reply(head, body));
            }
            catch (Exception gone) when (gone is IOException or AuthenticationException or OperationCanceledException)
            {
                // Whoever does not trust the certificate goes without a word.
            }
        }
    }

    private PhoneReply Reply(string[] head, string body)
    {
        lock (Calls)
        {
            string[] first = head[0].Split(' ');
            ProofCheck check = new(head, first[0], $"https://{Address}{first[1]}");
            bool isActivation = first[1] == "/phone/v1/activate";
            if (check.Problem(isActivation ? null : Key, isActivation ? null : Device) is string problem)
            {
                Problems.Add($"{head[0]}: {problem}");
                return new PhoneReply(401, """{"error":"invalid_dpop_proof"}""");
            }

            PhoneCall call = new(first[0], first[1]["/phone/v1/".Length..], body, check.Unique);
            if (Calls.Exists(before => before.Unique == call.Unique))
            {
                Problems.Add($"{head[0]}: jti again");
            }

            Key ??= check.Key;
            Calls.Add(call);
            return Answer(call);
        }
    }

    private async Task<(string[] Head, string Body)> ReadAsync(SslStream tls)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[16_384];
        while (true)
        {
            int got = await tls.ReadAsync(buffer, _end.Token);
            text.Append(Encoding.Latin1.GetString(buffer, 0, got));
            string all = text.ToString();
            int end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                string[] head = all[..end].Split("\r\n");
                string? length = head.FirstOrDefault(h => h.StartsWith("Content-Length: ", StringComparison.Ordinal));
                int bytes = int.Parse(length?.Split(' ')[1] ?? "0", CultureInfo.InvariantCulture);
                if (all.Length >= end + 4 + bytes)
                {
                    return (head, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(all[(end + 4)..])));
                }
            }

            if (got == 0)
            {
                throw new IOException("the request has no end");
            }
        }
    }

    private async Task WriteAsync(SslStream tls, PhoneReply reply)
    {
        byte[] body = Encoding.UTF8.GetBytes(reply.Body);
        string kind = reply.Stream is null
            ? $"Content-Type: application/json\r\nContent-Length: {body.Length}" : "Content-Type: text/event-stream";
        string date = reply.Headers.Contains("Date:", StringComparison.Ordinal) ? ""
            : $"Date: {TimeProvider.System.GetUtcNow():R}\r\n";
        await SendAsync($"HTTP/1.1 {reply.Status} X\r\n{kind}\r\n{date}{reply.Headers}Connection: close\r\n\r\n");
        await tls.WriteAsync(body, _end.Token);
        await (reply.Stream?.Invoke(SendAsync, _end.Token) ?? Task.CompletedTask);
        await tls.ShutdownAsync();

        async Task SendAsync(string text)
        {
            await tls.WriteAsync(Encoding.UTF8.GetBytes(text), _end.Token);
            await tls.FlushAsync(_end.Token);
        }
    }
}
