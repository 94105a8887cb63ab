using System.Text;
using System.Text.Json;

namespace Sallyport.Protocol.Tests;

/// <summary>The files of vectors/, which the build copies beside the tests.</summary>
internal static class Vectors
{
    public static JsonElement Read(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "vectors", name);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static OtpSecret HexSecret(this JsonElement element) =>
        OtpSecret.FromBytes(Convert.FromHexString(element.GetString()!));

    public static OtpSecret Base32Secret(this JsonElement element) =>
        OtpSecret.TryParse(Encoding.ASCII.GetBytes(element.GetString()!), out OtpSecret? secret)
            ? secret
            : throw new FormatException("The vector's secret is not base32.");

    public static uint Number(this JsonElement passcode) => uint.Parse(passcode.GetString()!, null);
}
