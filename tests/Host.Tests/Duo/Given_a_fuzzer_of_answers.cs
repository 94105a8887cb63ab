using System.Globalization;
using System.Text;
using CsCheck;
using Sallyport.Host.Duo;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Answers, whole and damaged, and any bytes. A failure names the seed that repeats it.</summary>
public sealed class Given_a_fuzzer_of_answers
{
    private static readonly int _seconds =
        int.Parse(Environment.GetEnvironmentVariable("SALLYPORT_FUZZ_SECONDS") ?? "30", CultureInfo.InvariantCulture);

    private static readonly Gen<string> _texts = Gen.OneOf(
        "\"\"", "\"auth\"", "\"allow\"", "\"Allow\"", "\"deny\"", "\"waiting\"", "\"enroll\"", "\"OK\"", "\"FAIL\"",
        "\"\\u001b[2J\"", "\"\\ud800\"", "\"é\"", "\"push1\"", "1764000000", "0", "-1", "40002", "1e9", "true", "null",
        "[]", "{}", "{\"1\":\"push1\"}", "{\"1\":7}", "{\"text\":\"x\",\"factors\":{\"default\":\"push1\"}}",
        "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "\"\u0001\"", "x", "");

    private static readonly Gen<string> _members = Gen.Select(
            Gen.OneOf(
                "result", "status_msg", "status", "prompt", "factors", "txid", "time", "text", "stat", "code",
                "message"),
            _texts)
        .Select((name, value) => $"\"{name}\":{value}").Array[0, 5]
        .Select(members => "{" + string.Join(',', members) + "}");

    private static readonly Gen<string> _bodies = Gen.Frequency(
        (6, Gen.Select(Gen.OneOf("\"OK\"", "\"ok\"", "\"FAIL\"", "7"), _members)
            .Select((stat, response) =>
                $"{{\"stat\":{stat},\"response\":{response},\"code\":40002,\"message\":\"m\"}}")),
        (2, _members),
        (1, Gen.String[0, 40]));

    private static readonly Gen<byte[]> _whole = Gen.Select(
        Gen.OneOf(
            "HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 204 No", "HTTP/1.1 302 Found",
            "HTTP/1.1 401 No", "HTTP/1.1 503 No", "HTTP/1.1 100 Continue", "HTTP/2 200 OK", ""),
        Gen.OneOf(
            "Content-Type: a/b", "Connection: close", "Connection: keep-alive, Close", "Retry-After: 7",
            "X-Sallyport: 1", "Content-Length: 3", "Transfer-Encoding: gzip", " folded", "A b: c", ": x",
            "A:").Array[0, 4],
        _bodies,
        Gen.OneOf("length", "chunks", "neither", "both", "wrong"))
        .Select((status, headers, body, framing) => Answer(status, headers, Encoding.UTF8.GetBytes(body), framing));

    private static readonly Gen<(int At, byte Value, int Kind)[]> _changes =
        Gen.Select(
            Gen.Int[0, 400],
            Gen.OneOf(Gen.Byte, Gen.OneOf("\r\n:;,{}[]\"0aF"u8.ToArray())),
            Gen.Int[0, 2]).Array[0, 5];

    [Fact]
    [Trait("Kind", "Fuzz")]
    public void Each_is_read_or_refused_and_nothing_else_happens() => Gen
        .Select(_whole, _changes, Gen.Int[1, 40]).Sample(
        (whole, changes, step) =>
        {
            Check(whole, step);
            Check(Damaged(whole, changes), step);
            Check([.. whole, .. whole], step);
        },
        time: _seconds,
        threads: 1,
        print: sample => $"{Encoding.Latin1.GetString(sample.Item1)} / {string.Join(' ', sample.Item2)}");

    private static void Check(byte[] bytes, int step)
    {
        HttpAnswer? answer = Read(bytes, step);
        if (answer is null)
        {
            return;
        }

        // The same, whatever the pieces it comes in; and nothing that would be taken for the next answer stays behind.
        HttpAnswer again = Read(bytes, bytes.Length)!;
        Assert.Equal((answer.Status, answer.RetryAfter, answer.IsOurs), (again.Status, again.RetryAfter, again.IsOurs));
        Assert.Equal(answer.Body, again.Body);
        Assert.True(answer.Body.Length <= HttpAnswerReader.Largest && answer.Status is >= 200 and < 600);
        foreach (DuoDialect dialect in Enum.GetValues<DuoDialect>())
        {
            Refuses(() => Preauth(answer.Body, dialect));
            Refuses(() => Assert.True(IsClean(DuoReading.Status(answer.Body, dialect).StatusMessage)));
            Refuses(() => Assert.True(IsClean(DuoReading.Auth(answer.Body, dialect, isAsync: false).StatusMessage)));
            Refuses(() => Assert.InRange(
                DuoReading.Auth(answer.Body, dialect, isAsync: true).TransactionId!.Length, 1, 255));
        }

        Refuses(() => DuoReading.Time(answer.Body));
        Assert.True(IsClean(DuoReading.Detail(answer.Body) ?? ""));
    }

    private static void Preauth(byte[] body, DuoDialect dialect)
    {
        DuoPreauth preauth = DuoReading.Preauth(body, dialect);
        Assert.NotEqual(DuoResult.None, preauth.Result);
        Assert.True(IsClean(preauth.StatusMessage) && IsClean(preauth.Prompt ?? ""));
        Assert.All(preauth.Factors.Values, factor => Assert.True(IsClean(factor)));

        // Nobody is let in by an answer that does not say so.
        Assert.True(
            preauth.Result is not DuoResult.Allow
            || Encoding.UTF8.GetString(body).Contains("llow", StringComparison.Ordinal));
    }

    private static HttpAnswer? Read(byte[] bytes, int step)
    {
        try
        {
            return new HttpAnswerReader(new Pieces(bytes, Math.Max(step, 1)), static () => { }).Read();
        }
        catch (Exception refused) when (refused is HttpAnswerException or EndOfStreamException)
        {
            return null;
        }
    }

    private static void Refuses(Action read)
    {
        try
        {
            read();
        }
        catch (DuoException refused)
        {
            Assert.True(IsClean(refused.Message) && refused.Failure is DuoFailure.Refused or DuoFailure.Failed);
        }
    }

    private static bool IsClean(string text) => text.All(c => c is '\n' or '\t' || !char.IsControl(c));

    private static byte[] Answer(string status, string[] headers, byte[] body, string framing)
    {
        List<string> lines = [status, .. headers];
        string length = (body.Length + (framing == "wrong" ? 1 : 0)).ToString(CultureInfo.InvariantCulture);
        if (framing is "length" or "both" or "wrong")
        {
            lines.Add($"content-length: {length}");
        }

        if (framing is "chunks" or "both")
        {
            lines.Add("Transfer-Encoding: chunked");
            static byte[] Chunk(byte[] piece) =>
                [.. Encoding.ASCII.GetBytes($"{piece.Length:x};a=b\r\n"), .. piece, .. "\r\n"u8];
            body = [.. body.Chunk(7).SelectMany(Chunk), .. "0\r\nA: b\r\n\r\n"u8];
        }

        return [.. Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"), .. body];
    }

    /// <summary>0 changes a byte, 1 puts one in, 2 takes one out.</summary>
    private static byte[] Damaged(byte[] whole, (int At, byte Value, int Kind)[] changes)
    {
        List<byte> bytes = [.. whole];
        foreach ((int at, byte value, int kind) in changes)
        {
            int place = at % bytes.Count;
            if (kind == 1)
            {
                bytes.Insert(place, value);
            }
            else if (kind == 2 && bytes.Count > 1)
            {
                bytes.RemoveAt(place);
            }
            else
            {
                bytes[place] = value;
            }
        }

        return [.. bytes];
    }

    /// <summary>A connection whose bytes come so many at a time.</summary>
    private sealed class Pieces(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, Math.Min(count, step));
    }
}
