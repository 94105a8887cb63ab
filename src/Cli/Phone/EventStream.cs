using System.Text;

namespace Sallyport.Cli.Phone;

/// <summary>
/// text/event-stream (WHATWG HTML section 9.2), as far as the phone's API uses it: events named "pending" with one line
/// of data, and comments that say that the server is there.
/// </summary>
internal sealed class EventStream(HttpResponseMessage response, Stream stream, TimeProvider time) : IDisposable
{
    private const int FirstSize = 1 << 14;

    // A comment comes every 15 seconds.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    private byte[] _read = new byte[FirstSize];
    private int _length;

    /// <summary>The data of the next event; null: the server has ended the stream.</summary>
    /// <exception cref="PhoneException">It broke off, or is silent.</exception>
    public async Task<byte[]?> NextAsync(CancellationToken cancellationToken)
    {
        string? name = null;
        byte[]? data = null;
        while (await LineAsync(cancellationToken) is { } bytes)
        {
            string line = Encoding.UTF8.GetString(bytes);
            if (line.Length == 0)
            {
                if (name == "pending" && data is not null)
                {
                    return data;
                }

                (name, data) = (null, null);
            }
            else if (Field(line, "event") is string value)
            {
                name = value;
            }
            else if (Field(line, "data") is string text)
            {
                data = Encoding.UTF8.GetBytes(text);
            }
        }

        return null;
    }

    public void Dispose()
    {
        stream.Dispose();
        response.Dispose();
    }

    // One blank behind the colon is not part of the value; other fields, and comments, are passed over.
    private static string? Field(string line, string name) =>
        !line.StartsWith(name + ":", StringComparison.Ordinal) ? null
        : line[(name.Length + 1)..] is [' ', .. string value] ? value
        : line[(name.Length + 1)..];

    private async Task<byte[]?> LineAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = Array.IndexOf(_read, (byte)'\n', 0, _length)) < 0)
        {
            if (_length == PhoneApi.LargestAnswer)
            {
                throw new PhoneException("the server sends a line without an end");
            }

            if (_length == _read.Length)
            {
                Array.Resize(ref _read, _length * 2);
            }

            int got = await ReadAsync(cancellationToken);
            if (got == 0)
            {
                return null;
            }

            _length += got;
        }

        byte[] line = _read[..(end > 0 && _read[end - 1] == '\r' ? end - 1 : end)];
        _length -= end + 1;
        Array.Copy(_read, end + 1, _read, 0, _length);
        return line;
    }

    private async Task<int> ReadAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await stream.ReadAsync(_read.AsMemory(_length), either.Token);
        }
        catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PhoneException("the server is silent", silent) { Passes = true };
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            throw new PhoneException("the connection to the server broke off", broken) { Passes = true };
        }
    }
}
