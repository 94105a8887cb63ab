using System.Globalization;
using System.Text;

namespace Sallyport.Host.Tests.Duo;

/// <summary>What is written as the answer to a request. The rest of a connection's life is part of it.</summary>
internal sealed record FakeReply(byte[] Bytes)
{
    /// <summary>Before the first byte.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Between the bytes, which then come one by one.</summary>
    public TimeSpan Drip { get; init; }

    /// <summary>The connection ends behind it.</summary>
    public bool Closes { get; init; }

    /// <summary>Behind it, again and again.</summary>
    public byte[]? Endless { get; init; }

    /// <summary>It has a head, to which a header can be added.</summary>
    public bool IsWhole => Bytes.AsSpan().IndexOf("\r\n\r\n"u8) > 0;

    /// <summary>Nothing, and the connection stays open.</summary>
    public static FakeReply Silence { get; } = new([]) { Delay = Timeout.InfiniteTimeSpan };

    /// <summary>Nothing, and the connection ends.</summary>
    public static FakeReply Hangup { get; } = new([]) { Closes = true };

    public static FakeReply EndlessBody { get; } = new(Text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    {
        Endless = Text("400\r\n" + new string(' ', 1024) + "\r\n"),
    };

    public static FakeReply EndlessHeaders { get; } = new(Text("HTTP/1.1 200 OK\r\n")) { Endless = Text("X-A: b\r\n") };

    public static FakeReply Ok(string response) => Json(200, $$"""{"stat":"OK","response":{{response}}}""");

    public static FakeReply Fail(int code, string message, string? detail = null) => Json(
        code / 100,
        $$"""{"stat":"FAIL","code":{{code}},"message":"{{message}}" """
            + (detail is null ? "}" : $$""","message_detail":"{{detail}}"}"""));

    public static FakeReply Json(int status, string json, params string[] headers) => new(Text(string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {status} Words\r\n{string.Concat(headers.Select(h => h + "\r\n"))}Content-Type: application/json\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}")));

    public static FakeReply Raw(string text) => new(Text(text));

    /// <summary>The same with a body in pieces of three bytes.</summary>
    public FakeReply Chunked()
    {
        (string head, byte[] body) = Parts();
        using MemoryStream chunked = new();
        head = head[..head.IndexOf("Content-Length", StringComparison.Ordinal)];
        chunked.Write(Text(head + "Transfer-Encoding: chunked\r\n\r\n"));
        foreach (byte[] piece in body.Chunk(3))
        {
            string size = piece.Length.ToString("x", CultureInfo.InvariantCulture);
            chunked.Write([.. Text(size + "\r\n"), .. piece, .. "\r\n"u8]);
        }

        chunked.Write("0\r\nX-Trailer: 1\r\n\r\n"u8);
        return this with { Bytes = chunked.ToArray() };
    }

    /// <summary>The same without its last bytes, and the connection ends.</summary>
    public FakeReply Truncated() => this with { Bytes = Bytes[..^10], Closes = true };

    public FakeReply Slow(TimeSpan delay) => this with { Delay = delay };

    public FakeReply Dripping(TimeSpan drip) => this with { Drip = drip };

    public FakeReply ThenClose(bool says = false)
    {
        (string head, byte[] body) = Parts();
        string end = says ? "Connection: close\r\n\r\n" : "\r\n";
        return this with { Bytes = [.. Text(head[..^2] + end), .. body], Closes = true };
    }

    /// <summary>The same with one header more.</summary>
    public FakeReply With(string header)
    {
        (string head, byte[] body) = Parts();
        return this with { Bytes = [.. Text(head[..^2] + header + "\r\n\r\n"), .. body] };
    }

    private (string Head, byte[] Body) Parts()
    {
        int end = Bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        return (Encoding.Latin1.GetString(Bytes, 0, end), Bytes[end..]);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
