namespace Sallyport.Host.Duo;

/// <summary>An answer of HTTP/1.1 (RFC 9112), as far as it counts here.</summary>
/// <param name="Body">Empty, where it is not read: only a success has one that counts.</param>
/// <param name="RetryAfter">The header's value; null: there is none.</param>
/// <param name="IsOurs">The header with which our own server tells its clients what it is.</param>
/// <param name="MayGoOn">The connection takes another request.</param>
internal sealed record HttpAnswer(int Status, byte[] Body, string? RetryAfter, bool IsOurs, bool MayGoOn)
{
    public bool IsSuccess => Status is >= 200 and < 300;
}

/// <summary>What came is no answer, or too much of one.</summary>
internal sealed class HttpAnswerException(string message) : Exception(message);
