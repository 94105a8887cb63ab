using System.Security.Cryptography;
using System.Text.Json;

namespace Sallyport.Cli.Phone;

/// <summary>
/// Who this phone is: its key, and the server where it was activated. The user's name is for people; nothing is decided
/// by it.
/// </summary>
/// <param name="Server">The server's public host, as its hosts write it.</param>
/// <param name="Authorities">
/// The certificates (PEM) that the server's must come from; null: what this machine trusts.
/// </param>
internal sealed record PhoneIdentity(string Server, string Device, string User, ECDsa Key, string? Authorities)
    : IDisposable
{
    private const int Version = 1;
    private const int Members = 6;
    private const int LongestDevice = 64;

    /// <summary>Capital letters and digits: it is a header's value, and stands in what is signed.</summary>
    public static bool IsDevice(string text) =>
        text.Length is > 0 and <= LongestDevice && text.All(char.IsAsciiLetterOrDigit);

    /// <summary>Null: it is not what <see cref="ToBytes"/> writes.</summary>
    public static PhoneIdentity? Parse(ReadOnlyMemory<byte> content)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            using JsonDocument json = Json.Parse(content);
            JsonElement file = Json.Only(json.RootElement, Members);
            key.ImportPkcs8PrivateKey(file.GetProperty("key").GetBytesFromBase64(), out _);
            PhoneIdentity phone = new(
                Json.Text(file, "server"), Json.Text(file, "device"), Json.Text(file, "user"), key,
                file.GetProperty("ca").GetString());
            if (file.GetProperty("version").GetInt32() == Version && key.KeySize == 256
                && ServerAddress.IsOne(phone.Server) && IsDevice(phone.Device))
            {
                return phone;
            }
        }
        catch (Exception garbage) when (garbage is CryptographicException || Json.IsGarbage(garbage))
        {
            // As the last line says.
        }

        key.Dispose();
        return null;
    }

    public byte[] ToBytes()
    {
        byte[] key = Key.ExportPkcs8PrivateKey();
        byte[] content = Json.Write(json =>
        {
            json.WriteNumber("version", Version);
            json.WriteString("server", Server);
            json.WriteString("device", Device);
            json.WriteString("user", User);
            json.WriteBase64String("key", key);
            json.WriteString("ca", Authorities);
        });
        CryptographicOperations.ZeroMemory(key);
        return content;
    }

    public void Dispose() => Key.Dispose();
}
