using System.Buffers;
using System.Globalization;

namespace Sallyport.Host.Duo;

/// <summary>The lines of an answer before its body.</summary>
internal sealed class HttpAnswerHead
{
    // RFC 9110 section 5.6.2: tchar.
    private static readonly SearchValues<char> _token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private bool _isOld;
    private bool _closes;

    public int? Length { get; private set; }

    public bool IsChunked { get; private set; }

    public string? RetryAfter { get; private set; }

    public bool IsOurs { get; private set; }

    /// <summary>The server keeps the connection open.</summary>
    public bool MayGoOn => !_isOld && !_closes;

    /// <exception cref="HttpAnswerException">It is no status line, or that of an interim answer.</exception>
    public int ReadStatus(string line)
    {
        _isOld = line.StartsWith("HTTP/1.0 ", StringComparison.Ordinal);
        return (_isOld || line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))
            && (line.Length == 12 || (line.Length > 12 && line[12] == ' '))
            && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            && status is >= 200 and < 600
                ? status
                : throw new HttpAnswerException("no answer of HTTP/1.1");
    }

    /// <exception cref="HttpAnswerException">It is no header, or one that changes what the others mean.</exception>
    public void ReadField(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || line.AsSpan(0, colon).ContainsAnyExcept(_token))
        {
            throw new HttpAnswerException("a header that is none");
        }

        string value = line[(colon + 1)..].Trim(' ', '\t');
        switch (line[..colon].ToLowerInvariant())
        {
            case "content-length":
                Length = Length is null && value.Length <= 9
                    && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                        ? length
                        : throw new HttpAnswerException("a length that is none, or two of them");
                break;
            case "transfer-encoding":
                IsChunked = !IsChunked && value.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                    ? true
                    : throw new HttpAnswerException("a transfer encoding that is not known");
                break;
            case "connection":
                _closes |= value.Split(',').Any(
                    word => word.Trim(' ', '\t').Equals("close", StringComparison.OrdinalIgnoreCase));
                break;
            case "retry-after" or "x-retry-after":
                RetryAfter ??= value;
                break;
            case "x-sallyport":
                IsOurs = value == "1";
                break;
        }
    }

    /// <exception cref="HttpAnswerException">The headers contradict one another.</exception>
    public void Check()
    {
        if (IsChunked && (Length is not null || _isOld))
        {
            throw new HttpAnswerException("a body of two lengths");
        }
    }
}
