using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Sallyport.Protocol.Duo;

/// <summary>Walks once over the bytes of a document, for <see cref="BsonDocument.TryParse"/>.</summary>
internal ref struct BsonReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private int _elements;

    /// <summary>The elements of the outermost document; false if it is none, or if there is more behind it.</summary>
    public bool TryReadAll(out List<KeyValuePair<string, object>> elements) =>
        TryReadLevel(1, isArray: false, out elements) && _rest.IsEmpty;

    private bool TryReadLevel(int depth, bool isArray, out List<KeyValuePair<string, object>> elements)
    {
        elements = [];
        int before = _rest.Length;
        if (depth > BsonDocument.MaxDepth || !TryReadInt32(out int length) || length < 5 || length > before)
        {
            return false;
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        while (TryReadByte(out byte type))
        {
            if (type == 0)
            {
                return before - _rest.Length == length;
            }

            if (_elements++ == BsonDocument.MaxElements
                || !TryReadName(out string? name)
                || (isArray && name != names.Count.ToString(CultureInfo.InvariantCulture))
                || !names.Add(name)
                || !TryReadValue((BsonType)type, depth, out object? value))
            {
                return false;
            }

            elements.Add(new(name, value));
        }

        return false;
    }

    private bool TryReadValue(BsonType type, int depth, [NotNullWhen(true)] out object? value)
    {
        value = null;
        List<KeyValuePair<string, object>> elements;
        switch (type)
        {
            case BsonType.Text when TryReadInt32(out int length) && length > 0 && TryReadText(length, out string? text):
                value = text;
                break;
            case BsonType.Document when TryReadLevel(depth + 1, isArray: false, out elements):
                value = BsonDocument.Of(elements);
                break;
            case BsonType.Array when TryReadLevel(depth + 1, isArray: true, out elements):
                value = elements.ConvertAll(element => element.Value);
                break;
            case BsonType.Boolean when TryReadByte(out byte truth) && truth <= 1:
                value = truth == 1;
                break;
            case BsonType.Int32 when TryReadInt32(out int number):
                value = number;
                break;
            case BsonType.Int64 when BinaryPrimitives.TryReadInt64LittleEndian(_rest, out long number):
                value = number;
                _rest = _rest[sizeof(long)..];
                break;
        }

        return value is not null;
    }

    /// <summary>A name ends at its NUL.</summary>
    private bool TryReadName([NotNullWhen(true)] out string? name)
    {
        int end = _rest.IndexOf((byte)0);
        name = null;
        return end >= 0 && TryReadText(end + 1, out name);
    }

    /// <summary>Text of so many bytes, the NUL at its end included, and no other in it.</summary>
    private bool TryReadText(int length, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (length > _rest.Length || _rest.IndexOf((byte)0) != length - 1 || !Utf8.IsValid(_rest[..(length - 1)]))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(_rest[..(length - 1)]);
        _rest = _rest[length..];
        return true;
    }

    private bool TryReadInt32(out int number)
    {
        if (!BinaryPrimitives.TryReadInt32LittleEndian(_rest, out number))
        {
            return false;
        }

        _rest = _rest[sizeof(int)..];
        return true;
    }

    private bool TryReadByte(out byte value)
    {
        value = _rest.IsEmpty ? (byte)0 : _rest[0];
        bool read = !_rest.IsEmpty;
        _rest = read ? _rest[1..] : _rest;
        return read;
    }
}
