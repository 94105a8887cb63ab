using System.Text.Json;

namespace Sallyport.Server.Phone;

/// <summary>
/// JSON in which nothing is passed over: a member that is unknown, missing, twice or of another type is no such text.
/// </summary>
internal static class PhoneJson
{
    private static readonly JsonSerializerOptions _strict = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        MaxDepth = 4,
    };

    /// <summary>Null: it is none.</summary>
    public static T? Read<T>(ReadOnlySpan<byte> utf8)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(utf8, _strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>In one line.</summary>
    public static byte[] Write(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), _strict);
}
