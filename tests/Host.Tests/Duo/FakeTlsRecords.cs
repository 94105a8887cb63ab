namespace Sallyport.Host.Tests.Duo;

/// <summary>A connection that counts the TLS records of application data (RFC 8446 section 5.1) that come.</summary>
internal sealed class FakeTlsRecords(Stream inner) : Stream
{
    private const byte ApplicationData = 23;

    private readonly List<byte> _header = [];
    private int _rest;

    public int Count { get; private set; }

    public long Received { get; private set; }

    public long Sent { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        Received += read;
        foreach (byte value in buffer[..read].ToArray())
        {
            Take(value);
        }

        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Sent += buffer.Length;
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Take(byte value)
    {
        if (_rest > 0)
        {
            _rest--;
            return;
        }

        _header.Add(value);
        if (_header.Count == 5)
        {
            _rest = (_header[3] << 8) + _header[4];
            Count += _header[0] == ApplicationData ? 1 : 0;
            _header.Clear();
        }
    }
}
