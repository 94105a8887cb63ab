using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocol.Duo;

/// <summary>The types of docs/formats/duo-bson.md, by their numbers in BSON (bsonspec.org, version 1.1).</summary>
internal enum BsonType : byte
{
    None = 0,
    Text = 0x02,
    Document = 0x03,
    Array = 0x04,
    Boolean = 0x08,
    Int32 = 0x10,
    Int64 = 0x12,
}

/// <summary>
/// A BSON document of the types that answers are made of: text, document, array, truth value, numbers of 32 and 64 bits
/// (docs/formats/duo-bson.md). Elements are in their order, and no name is there twice.
/// </summary>
public sealed class BsonDocument
{
    /// <summary>The most bytes of a document.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>How deep documents and arrays may be nested, the outermost included.</summary>
    public const int MaxDepth = 8;

    /// <summary>The most elements, those of nested documents and arrays included.</summary>
    public const int MaxElements = 1000;

    private BsonDocument(IReadOnlyList<KeyValuePair<string, object>> elements) => Elements = elements;

    /// <summary>
    /// Names and values. A value is a <see cref="string"/>, <see cref="int"/>, <see cref="long"/>, <see cref="bool"/>,
    /// <see cref="BsonDocument"/>, or an <see cref="IReadOnlyList{T}"/> of such values.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, object>> Elements { get; }

    /// <summary>The value of this name, if it is there and of this type.</summary>
    /// <typeparam name="T">One of the types of <see cref="Elements"/>.</typeparam>
    /// <param name="name">The name, exactly.</param>
    /// <param name="value">The value; the default value if there is none.</param>
    public bool TryGet<T>(string name, [NotNullWhen(true)] out T? value)
    {
        foreach ((string key, object element) in Elements)
        {
            if (key == name && element is T found)
            {
                value = found;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>
    /// Reads one whole document. Strict: the lengths fit exactly, texts are UTF-8 without NUL, truth values are 0 or 1,
    /// names of an array's elements count from 0. Never throws.
    /// </summary>
    /// <param name="bytes">The document and nothing behind it.</param>
    /// <param name="document">The document; null if the bytes are none.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out BsonDocument? document)
    {
        document = null;
        if (bytes.Length <= MaxBytes
            && new BsonReader(bytes).TryReadAll(out List<KeyValuePair<string, object>> elements))
        {
            document = new(elements);
        }

        return document is not null;
    }

    internal static BsonDocument Of(IReadOnlyList<KeyValuePair<string, object>> elements) => new(elements);
}
