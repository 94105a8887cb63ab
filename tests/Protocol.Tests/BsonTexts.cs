using Sallyport.Protocol.Duo;

namespace Sallyport.Protocol.Tests;

/// <summary>Writes again what was read.</summary>
internal static class BsonTexts
{
    public static byte[] Bytes(BsonDocument document)
    {
        BsonWriter writer = new();
        Write(writer, document);
        return writer.ToBytes();
    }

    private static void Write(BsonWriter writer, BsonDocument document)
    {
        foreach ((string name, object value) in document.Elements)
        {
            Write(writer, name, value);
        }
    }

    private static void Write(BsonWriter writer, string? name, object value)
    {
        switch (value)
        {
            case string text:
                writer.WriteString(name, text);
                break;
            case int number:
                writer.WriteInt32(name, number);
                break;
            case long number:
                writer.WriteInt64(name, number);
                break;
            case bool truth:
                writer.WriteBoolean(name, truth);
                break;
            case BsonDocument inner:
                writer.BeginDocument(name);
                Write(writer, inner);
                writer.End();
                break;
            default:
                writer.BeginArray(name);
                foreach (object item in (IReadOnlyList<object>)value)
                {
                    Write(writer, null, item);
                }

                writer.End();
                break;
        }
    }
}
