using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Authentications;

namespace Sallyport.Bench;

/// <summary>Phones that approve what waits for them, so many in a second.</summary>
internal static class Phones
{
    private const int Connections = 20; // each of an address of its own, which may ask 20 times a second

    /// <summary>
    /// Milliseconds to each login's answer: from the approval's own answer, which comes after the commit, and from sending
    /// it.
    /// </summary>
    public static async Task<(double[] FromCommit, double[] FromSending)> ApproveAsync(ServerProcess server, Site site, Waiters waiting, int perSecond)
    {
        List<PendingPush> pushes = await site.QueryAsync(db => db.Set<PendingPush>().AsNoTracking().ToListAsync());
        ServerName name = new($"127.0.0.1:{server.PublicPort}");
        (string User, byte[] Request)[] prepared =
        [
            .. pushes.Select(push => (push.UserName, Answer(server, site, push, name))),
        ];
        long[] sent = new long[prepared.Length];
        long[] taken = new long[prepared.Length];
        int next = -1;
        long begun = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10);
        Thread[] threads = [.. Enumerable.Range(1, Connections).Select(address => new Thread(() =>
        {
            using SslStream connection = server.Connect(from: IPAddress.Parse($"127.0.1.{address}"));
            byte[] buffer = new byte[4096];
            for (int i = Interlocked.Increment(ref next); i < prepared.Length; i = Interlocked.Increment(ref next))
            {
                long due = begun + (i * Stopwatch.Frequency / perSecond);
                TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                Thread.Sleep(left > TimeSpan.Zero ? left : TimeSpan.Zero);

                sent[i] = Stopwatch.GetTimestamp();
                connection.Write(prepared[i].Request);
                Load.Read(connection, buffer, "\"taken\""u8);
                taken[i] = Stopwatch.GetTimestamp();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        double[] fromCommit = new double[prepared.Length];
        double[] fromSending = new double[prepared.Length];
        for (int i = 0; i < prepared.Length; i++)
        {
            long answered = await waiting.Answers[prepared[i].User].WaitAsync(TimeSpan.FromSeconds(30));
            fromCommit[i] = Math.Max(0, Stopwatch.GetElapsedTime(taken[i], answered).TotalMilliseconds);
            fromSending[i] = Stopwatch.GetElapsedTime(sent[i], answered).TotalMilliseconds;
        }

        return (fromCommit, fromSending);
    }

    public static byte[] Answer(ServerProcess server, Site site, PendingPush push, ServerName name)
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
