using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sallyport.Cli.Phone;

namespace Sallyport.Host.Tests.Phone;

/// <summary>DPoP (RFC 9449), as docs/formats/phone-api.md narrows it.</summary>
public sealed class Given_a_proof_of_a_phone
{
    private const string Url = "https://duo.example.org:8443/phone/v1/pending";

    private static readonly DateTimeOffset Now = new(2026, 11, 26, 6, 30, 0, TimeSpan.Zero);

    [Fact]
    public void It_says_what_the_format_says_and_its_signature_is_right()
    {
        // A coordinate begins with a zero byte once in 128 keys, and has 32 bytes all the same.
        for (int keys = 0; keys < 300; keys++)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            string[] parts = DpopProof.Make(key, "GET", Url, "DP1", Now).Split('.');

            Assert.Equal(3, parts.Length);
            using JsonDocument header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            Assert.Equal("typ=dpop+jwt alg=ES256", Members(header.RootElement, "typ", "alg"));
            JsonElement jwk = header.RootElement.GetProperty("jwk");
            Assert.Equal("kty=EC crv=P-256", Members(jwk, "kty", "crv"));
            Assert.Equal((3, 4), (header.RootElement.GetPropertyCount(), jwk.GetPropertyCount()));
            Assert.Equal(5, claims.RootElement.GetPropertyCount());
            Assert.Equal(
                $"htm=GET htu={Url} ath={Base64Url.EncodeToString(SHA256.HashData("DP1"u8))}",
                Members(claims.RootElement, "htm", "htu", "ath"));
            Assert.Equal(Now.ToUnixTimeSeconds(), claims.RootElement.GetProperty("iat").GetInt64());

            byte[] x = Base64Url.DecodeFromChars(jwk.GetProperty("x").GetString());
            byte[] y = Base64Url.DecodeFromChars(jwk.GetProperty("y").GetString());
            Assert.Equal((32, 32), (x.Length, y.Length));
            using ECDsa named = ECDsa.Create(
                new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
            byte[] signature = Base64Url.DecodeFromChars(parts[2]);
            Assert.True(named.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature, HashAlgorithmName.SHA256));
            Assert.Equal(key.ExportSubjectPublicKeyInfo(), named.ExportSubjectPublicKeyInfo());
        }
    }

    [Fact]
    public void Before_there_is_a_device_it_names_none()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using JsonDocument claims = Claims(DpopProof.Make(key, "POST", Url, device: null, Now));

        Assert.False(claims.RootElement.TryGetProperty("ath", out _));
    }

    [Fact]
    public void No_two_are_the_same()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string[] unique =
        [
            .. Enumerable.Range(0, 100).Select(_ =>
            {
                using JsonDocument claims = Claims(DpopProof.Make(key, "GET", Url, "DP1", Now));
                return claims.RootElement.GetProperty("jti").GetString()!;
            }),
        ];

        Assert.Equal(100, unique.Distinct().Count());
        Assert.All(unique, text => Assert.InRange(text.Length, 16, 64));
    }

    private static JsonDocument Claims(string proof) =>
        JsonDocument.Parse(Base64Url.DecodeFromChars(proof.Split('.')[1]));

    private static string Members(JsonElement item, params string[] names) =>
        string.Join(' ', names.Select(name => $"{name}={item.GetProperty(name).GetString()}"));
}
