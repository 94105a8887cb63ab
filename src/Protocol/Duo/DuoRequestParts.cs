namespace Sallyport.Protocol.Duo;

/// <summary>The parts of an HTTP request that Duo's signatures cover, as they were sent.</summary>
public sealed class DuoRequestParts
{
    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The Host header, with its port if there is one.</summary>
    public required string Host { get; init; }

    /// <summary>The request target, undecoded: a path with or without query, or an absolute URI.</summary>
    public required string Target { get; init; }

    /// <summary>The Content-Type header; null if there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The bytes of the body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The Date header; null if there is none. X-Duo-Date is one of <see cref="XDuoHeaders"/>.</summary>
    public string? Date { get; init; }

    /// <summary>Each header whose name begins with X-Duo-, in either case; others are passed over.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> XDuoHeaders { get; init; } = [];
}
