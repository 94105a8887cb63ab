using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Text;
using Sallyport.Protocol;
using Sallyport.Protocol.Duo;

namespace Sallyport.Bench;

/// <summary>One login, signed before anything is timed.</summary>
internal sealed record Login(byte[] Preauth, byte[] Auth);

internal sealed record Result(double Seconds, double[] Milliseconds, double ServerCpu)
{
    public double PerSecond => Milliseconds.Length / Seconds;
}

/// <summary>Logins over keep-alive connections. It costs as little as it can, for it shares the server's processors.</summary>
internal static class Load
{
    /// <param name="counter">The time step, or the counter of a token.</param>
    public static Login Prepare(Site site, int port, int user, long counter, int source)
    {
        string name = Site.NameOf(user);
        string address = $"10.{(source >> 16) & 255}.{(source >> 8) & 255}.{source & 255}";
        string passcode = Passcode.FromNumber(
            Hotp.Compute(OtpSecret.FromBytes(site.Secrets[user]), counter), 6).Expose();
        return new(
            Sign(site, port, "/auth/v2/preauth", ("failmode", "closed"), ("hostname", "web1"), ("ipaddr", address),
                ("text_prompt", "1"), ("username", name)),
            Sign(site, port, "/auth/v2/auth", ("async", "0"), ("factor", "prompt"), ("hostname", "web1"),
                ("ipaddr", address), ("prompt", passcode), ("username", name)));
    }

    /// <summary>A login that waits for the user's phone.</summary>
    public static byte[] Push(Site site, int port, string user, int source) => Sign(
        site, port, "/auth/v2/auth", ("async", "0"), ("factor", "prompt"), ("hostname", "web1"),
        ("ipaddr", $"10.{(source >> 16) & 255}.{(source >> 8) & 255}.{source & 255}"), ("prompt", "push1"),
        ("username", user));

    public static Result Run(ServerProcess server, IReadOnlyList<Login> logins, int connections)
    {
        double[] milliseconds = new double[logins.Count];
        int next = -1;
        ConcurrentQueue<Exception> failures = [];
        using Barrier start = new(connections + 1);
        Thread[] threads = [.. Enumerable.Range(0, connections).Select(_ => new Thread(() =>
        {
            SslStream tls = server.Connect();
            byte[] buffer = new byte[4096];
            start.SignalAndWait();
            try
            {
                for (int i = Interlocked.Increment(ref next); i < logins.Count; i = Interlocked.Increment(ref next))
                {
                    long begin = Stopwatch.GetTimestamp();
                    Ask(tls, logins[i].Preauth, buffer, "\"result\":\"auth\""u8);
                    Ask(tls, logins[i].Auth, buffer, "\"result\":\"allow\""u8);
                    milliseconds[i] = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
                }
            }
#pragma warning disable CA1031 // Whatever it is, the bench ends with it.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.Enqueue(failure);
            }

            tls.Dispose();
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        start.SignalAndWait();
        double cpu = server.CpuSeconds;
        long begun = Stopwatch.GetTimestamp();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        return failures.IsEmpty
            ? new(seconds, milliseconds, server.CpuSeconds - cpu)
            : throw new AggregateException(failures);
    }

    private static void Ask(SslStream tls, byte[] request, byte[] buffer, ReadOnlySpan<byte> expected)
    {
        tls.Write(request);
        Read(tls, buffer, expected);
    }

    /// <summary>The whole answer, which must be as expected.</summary>
    public static void Read(SslStream tls, byte[] buffer, ReadOnlySpan<byte> expected)
    {
        int length = 0;
        while (true)
        {
            int read = tls.Read(buffer, length, buffer.Length - length);
            length += read;
            ReadOnlySpan<byte> answer = buffer.AsSpan(0, length);
            int head = answer.IndexOf("\r\n\r\n"u8);
            if (read == 0)
            {
                throw new InvalidOperationException($"cut off: {Encoding.UTF8.GetString(answer)}");
            }

            if (head >= 0 && length >= head + 4 + LengthOf(answer[..head]))
            {
                if (answer.StartsWith("HTTP/1.1 200 "u8) && answer.IndexOf(expected) > head)
                {
                    return;
                }

                throw new InvalidOperationException($"not as expected: {Encoding.UTF8.GetString(answer)}");
            }
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> value = head[(head.IndexOf("Content-Length: "u8) + 16)..];
        int end = value.IndexOf((byte)'\r');
        return int.Parse(end < 0 ? value : value[..end], CultureInfo.InvariantCulture);
    }

    private static byte[] Sign(Site site, int port, string path, params (string Name, string Value)[] parameters)
    {
        const string type = "application/x-www-form-urlencoded";
        string body = DuoParameters.Of(parameters).Canonical();
        string host = $"127.0.0.1:{port}";
        string date = TimeProvider.System.GetUtcNow().ToString("r", CultureInfo.InvariantCulture);
        DuoRequestParts parts = new()
        {
            Method = "POST",
            Host = host,
            Target = path,
            ContentType = type,
            Body = Encoding.ASCII.GetBytes(body),
            XDuoHeaders = [new("X-Duo-Date", date)],
        };
        if (!DuoRequestText.TryParse(parts, out DuoRequestText? text, out _, out _))
        {
            throw new InvalidOperationException(path);
        }

        string authorization = DuoAuthorization.Format(
            site.Ikey,
            DuoSignature.Sign(DuoSignatureVersion.V2, DuoDigest.Sha512, text, Encoding.ASCII.GetBytes(site.Skey)));
        return Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: login_duo/2.2.4 (x86_64-pc-linux-gnu) libduo/2.2.4\r\n"
            + $"X-Duo-Date: {date}\r\nAuthorization: {authorization}\r\nContent-Type: {type}\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}
