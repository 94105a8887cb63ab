using System.Globalization;
using System.Text;

namespace Sallyport.Host.Duo;

/// <summary>
/// Reads one answer, strictly: what could be read in two ways is none. Redirects, interim answers, and bodies that end
/// with the connection are not for this API.
/// </summary>
/// <param name="begun">Called once, when the first bytes are there.</param>
internal sealed class HttpAnswerReader(Stream stream, Action begun)
{
    /// <summary>The most bytes of head and body, chunk lines and trailers included.</summary>
    public const int Largest = 64 * 1024;

    public const int LongestLine = 8 * 1024;
    public const int MostHeaders = 64;

    private readonly byte[] _buffer = new byte[4096];
    private readonly HttpAnswerHead _head = new();
    private int _from;
    private int _to;
    private int _total;
    private int _lines;

    /// <summary>Something of an answer has come.</summary>
    public bool HasBegun => _total > 0;

    /// <exception cref="HttpAnswerException">It is none.</exception>
    /// <exception cref="EndOfStreamException">The connection ended before it did.</exception>
    public HttpAnswer Read()
    {
        int status = _head.ReadStatus(Line());
        ReadFields(_head.ReadField);
        _head.Check();
        byte[] body = [];
        bool isWhole = true;
        if (status is 204 or 304)
        {
            isWhole = false; // rare enough not to ask who thinks that there is a body
        }
        else if (_head.IsChunked && status < 300)
        {
            body = Chunks();
        }
        else if (_head.Length is int length && (status < 300 || length <= LongestLine))
        {
            body = Bytes(length);
        }
        else if (status < 300)
        {
            throw new HttpAnswerException("unexpected eof while reading"); // it has neither length nor chunks
        }
        else
        {
            isWhole = false; // the status says it all
        }

        return new(status, body, _head.RetryAfter, _head.IsOurs, isWhole && _head.MayGoOn && _from == _to);
    }

    private byte[] Chunks()
    {
        using MemoryStream body = new();
        while (true)
        {
            string line = Line();
            string size = line.Split(';')[0].TrimEnd(' ', '\t'); // extensions mean nothing
            if (size.Length is 0 or > 7
                || !int.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int length))
            {
                throw new HttpAnswerException("a chunk without a size");
            }

            if (length == 0)
            {
                ReadFields(static _ => { });
                return body.ToArray();
            }

            body.Write(Bytes(length));
            if (Line().Length > 0)
            {
                throw new HttpAnswerException("a chunk that is longer than its size");
            }
        }
    }

    private void ReadFields(Action<string> read)
    {
        for (string line = Line(); line.Length > 0; line = Line())
        {
            if (++_lines > MostHeaders)
            {
                throw new HttpAnswerException("too many headers");
            }

            read(line);
        }
    }

    /// <summary>A line without its end, which is CR LF. No control character is in it but TAB.</summary>
    private string Line()
    {
        StringBuilder line = new();
        while (true)
        {
            char next = (char)Byte();
            if (next == '\r')
            {
                return Byte() == '\n' ? line.ToString() : throw new HttpAnswerException("a line that does not end");
            }

            if (next is (< ' ' and not '\t') or '\x7f' || line.Length == LongestLine)
            {
                throw new HttpAnswerException("a line that is none of HTTP");
            }

            line.Append(next);
        }
    }

    private byte[] Bytes(int length)
    {
        if (length > Largest - (_total - (_to - _from)))
        {
            throw new HttpAnswerException("an answer that is too long");
        }

        byte[] bytes = new byte[length];
        for (int filled = 0; filled < length;)
        {
            Fill();
            int ready = Math.Min(_to - _from, length - filled);
            _buffer.AsSpan(_from, ready).CopyTo(bytes.AsSpan(filled));
            _from += ready;
            filled += ready;
        }

        return bytes;
    }

    private byte Byte()
    {
        Fill();
        return _buffer[_from++];
    }

    private void Fill()
    {
        if (_from < _to)
        {
            return;
        }

        if (_total >= Largest)
        {
            throw new HttpAnswerException("an answer that is too long");
        }

        int got = stream.Read(_buffer, 0, Math.Min(_buffer.Length, Largest - _total));
        if (got == 0)
        {
            throw new EndOfStreamException("Connection closed");
        }

        if (_total == 0)
        {
            begun();
        }

        (_from, _to, _total) = (0, got, _total + got);
    }
}
