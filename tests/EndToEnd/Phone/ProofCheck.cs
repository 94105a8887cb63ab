using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sallyport.EndToEnd.Phone;

/// <summary>
/// Holds a request to "Who asks" of docs/formats/phone-api.md, with nothing of the program that makes proofs.
/// </summary>
internal sealed class ProofCheck(string[] head, string method, string url)
{
    private const int MostSecondsOff = 60;

    /// <summary>jti, once <see cref="Problem"/> has found nothing.</summary>
    public string Unique { get; private set; } = "";

    /// <summary>The key that the proof names.</summary>
    public ECDsa? Key { get; private set; }

    /// <param name="registered">Null: the activation.</param>
    public string? Problem(ECDsa? registered, string? device)
    {
        string[] proofs = [.. Values("DPoP")];
        string[] authorizations = [.. Values("Authorization")];
        string[] expected = device is null ? [] : [$"DPoP {device}"];
        if (!authorizations.SequenceEqual(expected))
        {
            return $"Authorization: {string.Join(", ", authorizations)}";
        }

        string[] parts = proofs.Length == 1 ? proofs[0].Split('.') : [];
        if (parts.Length != 3)
        {
            return $"{proofs.Length} proofs";
        }

        using JsonDocument header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
        using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        string names = string.Join(' ', claims.RootElement.EnumerateObject().Select(m => m.Name).Order());
        JsonElement jwk = header.RootElement.GetProperty("jwk");
        Key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") },
        });
        Unique = Text(claims.RootElement, "jti");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        long off = claims.RootElement.GetProperty("iat").GetInt64() - now;
        return header.RootElement.GetPropertyCount() != 3 || jwk.GetPropertyCount() != 4 ? "members of the header"
            : (Text(header.RootElement, "typ"), Text(header.RootElement, "alg")) != ("dpop+jwt", "ES256") ? "typ, alg"
            : (Text(jwk, "kty"), Text(jwk, "crv")) != ("EC", "P-256") ? "jwk"
            : names != (device is null ? "htm htu iat jti" : "ath htm htu iat jti") ? $"claims {names}"
            : Text(claims.RootElement, "htm") != method ? "htm"
            : !Text(claims.RootElement, "htu").Equals(url, StringComparison.OrdinalIgnoreCase) ? "htu"
            : Unique.Length is < 16 or > 64 ? "jti"
            : Math.Abs(off) > MostSecondsOff ? $"iat, {off} seconds off"
            : device is not null && Text(claims.RootElement, "ath")
                != Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(device))) ? "ath"
            : registered is not null && !SameKey(registered, Key) ? "another key"
            : !Key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation) ? "signature"
            : null;
    }

    private static bool SameKey(ECDsa one, ECDsa other) =>
        one.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(other.ExportSubjectPublicKeyInfo());

    private static byte[] Bytes(JsonElement item, string member) => Base64Url.DecodeFromChars(Text(item, member));

    private static string Text(JsonElement item, string member) => item.GetProperty(member).GetString()!;

    private IEnumerable<string> Values(string name) => head.Skip(1)
        .Where(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 2)..]);
}
