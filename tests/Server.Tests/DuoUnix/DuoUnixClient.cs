using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sallyport.Server.Tests.Hosting;

namespace Sallyport.Server.Tests.DuoUnix;

/// <summary>An answer as far as duo_unix reads it: status and body.</summary>
internal sealed record DuoUnixAnswer(int Status, JsonElement Root, IReadOnlyList<string> Head)
{
    public JsonElement Response => Root.GetProperty("response");

    public string Text(string name) => Response.GetProperty(name).GetString()!;
}

/// <summary>
/// Speaks as duo_unix does, byte for byte (facts 1.2 and 1.3): one connection, each header in a TLS record of its own,
/// Nagle's algorithm left on. It signs with code of its own, so that an error in ours does not cancel itself out.
/// </summary>
internal sealed class DuoUnixClient(HostedServer server, Dialect dialect, string ikey, string skey) : IAsyncDisposable
{
    private SslStream? _tls;

    /// <summary><c>host</c> of the configuration; it goes into Host, and without its port into the signature.</summary>
    public string Host { get; init; } = "Auth.example.com";

    /// <summary>What is signed, where it is not the name in <see cref="Host"/>.</summary>
    public string? SignedHost { get; init; }

    /// <summary>From the instant to X-Duo-Date.</summary>
    public Func<DateTimeOffset, string> Date { get; init; } = InEnglish;

    /// <summary>How far the host's clock is ahead. Who tries again comes a second later.</summary>
    public TimeSpan Ahead { get; set; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static string InEnglish(DateTimeOffset now) =>
        now.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);

    /// <summary>The same application's client, of another release.</summary>
    public DuoUnixClient Speaking(Dialect other) => new(server, other, ikey, skey);

    public static string Encode(IEnumerable<(string Name, string Value)> parameters) => string.Join('&', parameters
        .Select(p => $"{Encode(p.Name)}={Encode(p.Value)}").Order(StringComparer.Ordinal));

    /// <summary>Sends a request; with a question mark behind each GET, parameters or none.</summary>
    public async Task SendAsync(string method, string path, string parameters)
    {
        bool isGet = method == "GET";
        string date = Date(TimeProvider.System.GetUtcNow() + Ahead);
        string[] lines = [method, SignedHost ?? Host.Split(':')[0], path, parameters];
        string signed = string.Join('\n', dialect.IsDated ? [date, .. lines] : lines);
        List<string> records =
        [
            $"{method} {path}{(isGet ? "?" + parameters : "")} HTTP/1.1\r\n",
            $"Host: {Host}\r\n",
            $"User-Agent: {dialect.UserAgent}\r\n",
            $"Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{ikey}:{Sign(signed)}"))}\r\n",
        ];
        if (dialect.IsDated)
        {
            records.Insert(3, $"X-Duo-Date: {date}\r\n");
        }

        records.AddRange(isGet
            ? ["\r\n"]
            :
            [
                "Content-Type: application/x-www-form-urlencoded\r\n",
                $"Content-Length: {parameters.Length}\r\n\r\n",
                parameters,
            ]);
        _tls ??= await ConnectAsync();
        foreach (string record in records)
        {
            await _tls.WriteAsync(Encoding.UTF8.GetBytes(record), Stop);
        }
    }

    /// <summary>An answer needs a length: what ends with the connection is an error to the client.</summary>
    public async Task<DuoUnixAnswer> ReadAsync()
    {
        string head = "";
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head += (char)await ReadByteAsync();
        }

        string[] lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string length = Assert.Single(lines, line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("Connection: close", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[int.Parse(length[16..], CultureInfo.InvariantCulture)];
        await _tls!.ReadExactlyAsync(body, Stop);
        int status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        return new(status, JsonDocument.Parse(body).RootElement, lines);
    }

    public async Task<DuoUnixAnswer> AskAsync(string method, string path, params (string, string)[] parameters)
    {
        await SendAsync(method, path, Encode(parameters));
        return await ReadAsync();
    }

    /// <summary>Sends, and loses the connection when the first byte of the answer is there.</summary>
    public async Task LoseAsync(string path, params (string, string)[] parameters)
    {
        await SendAsync("POST", path, Encode(parameters));
        await ReadByteAsync();
        await DisposeAsync();
        _tls = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }
    }

    private async Task<SslStream> ConnectAsync()
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Stop);
        return await server.ConnectAsync(client.GetStream());
    }

    private async Task<byte> ReadByteAsync()
    {
        byte[] one = new byte[1];
        await _tls!.ReadExactlyAsync(one, Stop);
        return one[0];
    }

    private string Sign(string text)
    {
        byte[] key = Encoding.ASCII.GetBytes(skey);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
#pragma warning disable CA5350 // what clients before 2.0.1 sign with
        byte[] mac = dialect.HasSha512 ? HMACSHA512.HashData(key, bytes) : HMACSHA1.HashData(key, bytes);
        return Convert.ToHexStringLower(mac);
#pragma warning restore CA5350
    }

    private static string Encode(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b =>
        char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~'
            ? $"{(char)b}"
            : $"%{b:X2}"));
}
