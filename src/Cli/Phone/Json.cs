using System.Text.Json;

namespace Sallyport.Cli.Phone;

/// <summary>
/// JSON as docs/formats/phone-api.md has it: a member that is missing, twice or not listed is a refusal.
/// </summary>
internal static class Json
{
    /// <exception cref="JsonException">It is none, or names a member twice.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> text) =>
        JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });

    /// <summary>The object, if it has this many members: with those that are read then, no others are left.</summary>
    /// <exception cref="JsonException">It has fewer or more.</exception>
    public static JsonElement Only(JsonElement item, int members) =>
        item.GetPropertyCount() == members ? item : throw new JsonException("not the members of the format");

    /// <exception cref="InvalidOperationException">It is no text.</exception>
    /// <exception cref="KeyNotFoundException">There is no such member.</exception>
    public static string Text(JsonElement item, string member) =>
        item.GetProperty(member).GetString() ?? throw new InvalidOperationException($"{member} is null");

    /// <summary>What reading throws where the text is not as it should be.</summary>
    public static bool IsGarbage(Exception exception) =>
        exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException;

    /// <summary>An object.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> members)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
