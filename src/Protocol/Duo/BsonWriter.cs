using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// Writes the BSON of an answer of <c>/rest/v1/*.bson</c> (docs/formats/duo-bson.md). What it writes,
/// <see cref="BsonDocument.TryParse"/> reads; what that would not read is an exception here.
/// </summary>
public sealed class BsonWriter
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<byte> _bytes = [];
    private readonly Stack<Level> _levels = new();
    private int _elements;

    /// <summary>Begins the outermost document.</summary>
    public BsonWriter() => Begin(isArray: false);

    /// <summary>Writes a text.</summary>
    /// <param name="name">The element's name; in an array null.</param>
    /// <param name="value">The text, without NUL: the C clients would end it there.</param>
    public void WriteString(string? name, string value)
    {
        byte[] text = Checked(value);
        Element(BsonType.Text, name);
        WriteNumber(text.Length + 1);
        _bytes.AddRange(text);
        _bytes.Add(0);
    }

    /// <summary>Writes a number of 32 bits.</summary>
    /// <param name="name">The element's name; in an array null.</param>
    /// <param name="value">The number.</param>
    public void WriteInt32(string? name, int value)
    {
        Element(BsonType.Int32, name);
        WriteNumber(value);
    }

    /// <summary>Writes a number of 64 bits.</summary>
    /// <param name="name">The element's name; in an array null.</param>
    /// <param name="value">The number.</param>
    public void WriteInt64(string? name, long value)
    {
        Element(BsonType.Int64, name);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, value);
        _bytes.AddRange(number);
    }

    /// <summary>Writes a truth value.</summary>
    /// <param name="name">The element's name; in an array null.</param>
    /// <param name="value">The value.</param>
    public void WriteBoolean(string? name, bool value)
    {
        Element(BsonType.Boolean, name);
        _bytes.Add(value ? (byte)1 : (byte)0);
    }

    /// <summary>Begins a document within the present one. Every element until <see cref="End"/> is in it.</summary>
    /// <param name="name">The element's name; in an array null.</param>
    public void BeginDocument(string? name)
    {
        Element(BsonType.Document, name);
        Begin(isArray: false);
    }

    /// <summary>Begins an array. Every element until <see cref="End"/> is in it, and has null for a name.</summary>
    /// <param name="name">The element's name; in an array null.</param>
    public void BeginArray(string? name)
    {
        Element(BsonType.Array, name);
        Begin(isArray: true);
    }

    /// <summary>Ends the innermost document or array, but not the outermost document.</summary>
    /// <exception cref="InvalidOperationException">There is none to end.</exception>
    public void End()
    {
        if (_levels.Count < 2)
        {
            throw new InvalidOperationException("There is no document or array to end.");
        }

        Close();
    }

    /// <summary>Ends the outermost document and gives its bytes. Nothing can be written afterwards.</summary>
    /// <exception cref="InvalidOperationException">Something has not been ended, or this document has.</exception>
    public byte[] ToBytes()
    {
        if (_levels.Count != 1)
        {
            throw new InvalidOperationException("A document or an array has not been ended, or this one has.");
        }

        Close();
        return [.. _bytes];
    }

    private void Begin(bool isArray)
    {
        if (_levels.Count == BsonDocument.MaxDepth)
        {
            throw new InvalidOperationException($"At most {BsonDocument.MaxDepth} levels.");
        }

        _levels.Push(new() { Start = _bytes.Count, IsArray = isArray });
        WriteNumber(0);
    }

    private void Close()
    {
        _bytes.Add(0);
        if (_bytes.Count > BsonDocument.MaxBytes)
        {
            throw new InvalidOperationException($"At most {BsonDocument.MaxBytes} bytes.");
        }

        int start = _levels.Pop().Start;
        BinaryPrimitives.WriteInt32LittleEndian(CollectionsMarshal.AsSpan(_bytes)[start..], _bytes.Count - start);
    }

    private void Element(BsonType type, string? name)
    {
        if (!_levels.TryPeek(out Level? level) || level.IsArray != name is null)
        {
            throw new InvalidOperationException("Names are for the elements of documents that have not been ended.");
        }

        name ??= level.Names.Count.ToString(CultureInfo.InvariantCulture);
        byte[] text = Checked(name);
        if (_elements++ == BsonDocument.MaxElements || !level.Names.Add(name))
        {
            throw new InvalidOperationException("Too many elements, or the second one of this name.");
        }

        _bytes.Add((byte)type);
        _bytes.AddRange(text);
        _bytes.Add(0);
    }

    private void WriteNumber(int value)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(number, value);
        _bytes.AddRange(number);
    }

    private static byte[] Checked(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("There is a NUL in it.", nameof(text))
        : Utf8.GetBytes(text);

    private sealed class Level
    {
        public required int Start { get; init; }

        public required bool IsArray { get; init; }

        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);
    }
}
