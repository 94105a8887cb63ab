using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;

namespace Sallyport.Bench;

/// <summary>
/// (p): what a login costs that waits for a phone, and how soon it hears of its approval: on SQLite, on PostgreSQL, and
/// where it waits at one node and is approved at another.
/// </summary>
internal static class Pushes
{
    private const int PerSecond = 200;

    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        List<Limit> limits = [];
        try
        {
            if (options.Databases.Contains("sqlite"))
            {
                limits.Add(await MeasureMemoryAsync(options, root.FullName));
                limits.Add(await MeasureAnswersAsync(options, root.FullName, "sqlite", null, nodes: 1));
            }

            if (options.Databases.Contains("postgres"))
            {
                await using PostgresProcess postgres = await PostgresProcess.StartAsync(options, root.FullName);
                foreach (int nodes in (int[])[1, 2])
                {
                    string database = await postgres.CreateDatabaseAsync();
                    limits.Add(await MeasureAnswersAsync(options, root.FullName, "postgres", database, nodes));
                }
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }

        return limits;
    }

    private static async Task<Limit> MeasureMemoryAsync(Options options, string root)
    {
        (int few, int many) = options.Smoke ? (10, 60) : (1_000, 10_000);
        await using Site site = await CreateAsync(root, null, few + many);
        await using ServerProcess server = await ServerProcess.StartAsync(options, site);
        List<double> resident = [];
        int user = 0;
        foreach (int waiters in (int[])[few, many])
        {
            await using Waiters waiting = new(server, site);
            waiting.Connect(waiters);
            int pending = await waiting.OpenAsync(user);
            user += waiters;
            resident.Add(server.ResidentKiB);
            Console.WriteLine(FormattableString.Invariant(
                $"{pending} waiting logins over TLS 1.3: {resident[^1] / 1024:F1} MiB (load {Quantiles.Load()})"));
            if (pending != waiters)
            {
                throw new InvalidOperationException($"{waiters} were sent, and {pending} wait");
            }
        }

        return new("sqlite: KB a waiting login", (resident[1] - resident[0]) * 1.024 / (many - few), 60);
    }

    private static async Task<Limit> MeasureAnswersAsync(
        Options options, string root, string database, string? postgres, int nodes)
    {
        int approvals = options.Smoke ? 20 : PerSecond * 15;
        int warmth = options.Smoke ? 5 : 1_000;
        await using Site site = await CreateAsync(root, postgres, approvals + warmth);
        await using ServerProcess one = await ServerProcess.StartAsync(options, site);
        await using ServerProcess? other = nodes == 2
            ? await ServerProcess.StartAsync(options, site, publicPort: one.Port)
            : null;
        await using (Waiters warm = new(one, site))
        {
            warm.Connect(warmth);
            await warm.OpenAsync(0);
            await Phones.ApproveAsync(other ?? one, site, warm, PerSecond);
        }

        await using Waiters waiting = new(one, site);
        waiting.Connect(approvals);
        await waiting.OpenAsync(warmth);
        double[] milliseconds = await Phones.ApproveAsync(other ?? one, site, waiting, PerSecond);
        string what = nodes == 1 ? database : $"{database}, waiting at one node and approved at another";
        Console.WriteLine(FormattableString.Invariant(
            $"{what}: {milliseconds.Length} approvals, {PerSecond} a second; from sending the approval to the login's answer: median {milliseconds.Median():F1} ms, p99 {milliseconds.At(.99):F1} ms, most {milliseconds.Max():F1} ms (load {Quantiles.Load()})"));
        return new($"{what}: p99, ms", milliseconds.At(.99), 100);
    }

    private static Task<Site> CreateAsync(string root, string? postgres, int users) => Site.CreateAsync(
        root, postgres, users, new AddApplicationRequest("bench"), phones: true);
}

/// <summary>Connections that each have a login of a user of their own, which waits.</summary>
internal sealed class Waiters(ServerProcess server, Site site) : IAsyncDisposable
{
    private const int PerAddress = 500; // the server takes 512 of one
    private const int AtOnce = 50;
    private const int Opened = 600; // a second

    private readonly List<SslStream> _connections = [];

    /// <summary>By user's name: when its login was answered with allow.</summary>
    public Dictionary<string, Task<long>> Answers { get; } = [];

    public void Connect(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _connections.Add(server.Connect(from: IPAddress.Parse($"127.0.0.{2 + (i / PerAddress)}")));
        }
    }

    /// <summary>Sends a login on each, of the users from this one on; how many wait then.</summary>
    public async Task<int> OpenAsync(int user)
    {
        foreach (SslStream[] some in _connections.Chunk(AtOnce))
        {
            foreach (SslStream connection in some)
            {
                string name = Site.NameOf(user);
                Answers.Add(name, LogInAsync(connection, Load.Push(site, server.PublicPort, name, source: user)));
                user++;
            }

            await Task.Delay(AtOnce * 1000 / Opened);
        }

        // A push that has been answered already is a failure here, and says what was answered.
        if (Answers.Values.FirstOrDefault(answer => answer.IsCompleted) is { } failed)
        {
            await failed;
        }

        // Of the round before some may still wait, whose clients are gone.
        for (int i = 0; i < 50 && await CountAsync() < _connections.Count; i++)
        {
            await Task.Delay(200);
        }

        return Math.Min(await CountAsync(), Answers.Values.Count(answer => !answer.IsCompleted));
    }

    private Task<int> CountAsync()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return site.QueryAsync(db => db.Set<PendingPush>().CountAsync(p => p.ExpiresAt > now));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SslStream connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>When it was let in. Who is told to come again does.</summary>
    private static async Task<long> LogInAsync(SslStream connection, byte[] request)
    {
        byte[] buffer = new byte[1024];
        string answer = "HTTP/1.1 429";
        while (answer.StartsWith("HTTP/1.1 429", StringComparison.Ordinal))
        {
            await connection.WriteAsync(request);
            answer = "";
            while (!answer.EndsWith('}'))
            {
                int read = await connection.ReadAsync(buffer);
                if (read == 0)
                {
                    throw new InvalidOperationException($"cut off behind '{answer}'");
                }

                answer += Encoding.ASCII.GetString(buffer, 0, read);
            }
        }

        return answer.Contains("\"result\":\"allow\"", StringComparison.Ordinal)
            ? Stopwatch.GetTimestamp()
            : throw new InvalidOperationException($"not let in: {answer}");
    }
}

/// <summary>Phones that approve what waits for them, so many in a second.</summary>
internal static class Phones
{
    private const int Connections = 8;

    /// <summary>Milliseconds from sending each approval to its login's answer.</summary>
    public static async Task<double[]> ApproveAsync(ServerProcess server, Site site, Waiters waiting, int perSecond)
    {
        List<PendingPush> pushes = await site.QueryAsync(db => db.Set<PendingPush>().AsNoTracking().ToListAsync());
        ServerName name = new($"127.0.0.1:{server.PublicPort}");
        (string User, byte[] Request)[] prepared =
        [
            .. pushes.Select(push => (push.UserName, Answer(server, site, push, name))),
        ];
        long[] sent = new long[prepared.Length];
        int next = -1;
        long begun = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10);
        Thread[] threads = [.. Enumerable.Range(0, Connections).Select(_ => new Thread(() =>
        {
            using SslStream connection = server.Connect();
            byte[] buffer = new byte[4096];
            for (int i = Interlocked.Increment(ref next); i < prepared.Length; i = Interlocked.Increment(ref next))
            {
                long due = begun + (i * Stopwatch.Frequency / perSecond);
                while (Stopwatch.GetTimestamp() < due)
                {
                    Thread.Sleep(1);
                }

                sent[i] = Stopwatch.GetTimestamp();
                connection.Write(prepared[i].Request);
                Load.Read(connection, buffer, "\"taken\""u8);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        double[] milliseconds = new double[prepared.Length];
        for (int i = 0; i < prepared.Length; i++)
        {
            long answered = await waiting.Answers[prepared[i].User].WaitAsync(TimeSpan.FromSeconds(30));
            milliseconds[i] = Stopwatch.GetElapsedTime(sent[i], answered).TotalMilliseconds;
        }

        return milliseconds;
    }

    private static byte[] Answer(ServerProcess server, Site site, PendingPush push, ServerName name)
    {
        string jws = ApprovalJws.Sign(push.ToRecord(name), new(ApprovalDecision.Approve, null), site.PhoneKey);
        string body = $$"""{"transaction":"{{push.TransactionId}}","approval":"{{jws}}"}""";
        string host = $"127.0.0.1:{server.PublicPort}";
        return Encoding.ASCII.GetBytes(
            $"POST /phone/v1/answer HTTP/1.1\r\nHost: {host}\r\nAuthorization: DPoP {push.DeviceKey}\r\n"
            + $"DPoP: {Proof(site.PhoneKey, push.DeviceKey, $"https://{host}/phone/v1/answer")}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    /// <summary>RFC 9449, section 4.2.</summary>
    private static string Proof(ECDsa key, string device, string url)
    {
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        string jwk = $$"""{"kty":"EC","crv":"P-256","x":"{{Encode(point.X!)}}","y":"{{Encode(point.Y!)}}"}""";
        string header = $$"""{"typ":"dpop+jwt","alg":"ES256","jwk":{{jwk}}}""";
        string id = RandomNumberGenerator.GetHexString(32);
        string hash = Encode(SHA256.HashData(Encoding.ASCII.GetBytes(device)));
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string claims = $$"""{"jti":"{{id}}","htm":"POST","htu":"{{url}}","iat":{{now}},"ath":"{{hash}}"}""";
        string text = $"{Encode(Encoding.ASCII.GetBytes(header))}.{Encode(Encoding.ASCII.GetBytes(claims))}";
        return $"{text}.{Encode(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
