using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Cli.Phone;

/// <summary>
/// The proof that a request comes from who has the key (RFC 9449; docs/formats/phone-api.md, "Who asks").
/// </summary>
internal static class DpopProof
{
    private const int UniqueBytes = 16; // 22 characters

    /// <param name="url">Without query.</param>
    /// <param name="device">Stands in the place of an access token; null: there is none yet.</param>
    public static string Make(ECDsa key, string method, string url, string? device, DateTimeOffset now)
    {
        // Nothing here needs escaping: names, numbers, base64url, and a URL of letters, digits, '-', '.', ':' and '/'.
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        string header = "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
            + $"\"x\":\"{Base64Url.EncodeToString(point.X)}\",\"y\":\"{Base64Url.EncodeToString(point.Y)}\"}}}}";
        string token = device is null ? ""
            : $",\"ath\":\"{Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(device)))}\"";
        string unique = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(UniqueBytes));
        string claims = $"{{\"jti\":\"{unique}\",\"htm\":\"{method}\",\"htu\":\"{url}\",\"iat\":"
            + now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + token + "}";
        string text = $"{Encode(header)}.{Encode(claims)}";
        byte[] signature = key.SignData(
            Encoding.ASCII.GetBytes(text),
            HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(json));
}
