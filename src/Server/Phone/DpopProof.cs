using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Phone;

/// <summary>A proof that a request is from who has a key (RFC 9449 section 4.2), read but not yet believed.</summary>
internal sealed class DpopProof
{
    /// <summary>How far its time may be from the server's.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    private const int MaxLength = 2048;

    private static readonly JsonWebTokenHandler _handler = new();

    private readonly string _text;
    private readonly Claims _claims;

    private DpopProof(string text, Claims claims, PhoneKey key) => (_text, _claims, Key) = (text, claims, key);

    /// <summary>By its own word.</summary>
    public PhoneKey Key { get; }

    public string Jti => _claims.Jti;

    /// <summary>Null: it is none (section 4.3, steps 2 to 6 but for the signature).</summary>
    public static DpopProof? Parse(string text)
    {
        string[] parts = text.Length <= MaxLength ? text.Split('.') : [];
        if (parts.Length != 3
            || Decode(parts[0]) is not { } header
            || PhoneJson.Read<Header>(header) is not { Typ: "dpop+jwt", Alg: "ES256", Jwk: var jwk }
            || jwk is not { Kty: "EC", Crv: "P-256" }
            || Decode(jwk.X) is not { } x
            || Decode(jwk.Y) is not { } y
            || PhoneKey.Of(x, y) is not { } key
            || Decode(parts[1]) is not { } payload
            || PhoneJson.Read<Claims>(payload) is not { Jti.Length: >= 16 and <= 64 } claims)
        {
            return null;
        }

        return new(text, claims, key);
    }

    /// <summary>
    /// What is wrong with it as a proof for this request, now (section 4.3, steps 7 to 12); null: nothing.
    /// </summary>
    /// <param name="host">The public host.</param>
    /// <param name="device">What stands in the place of an access token; null: nothing does.</param>
    public async Task<string?> ProblemAsync(
        string method, string host, string path, string? device, DateTimeOffset now)
    {
        if (!await IsSignedAsync())
        {
            return "not signed by its key";
        }

        string? hash = device is null
            ? null
            : Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(device)));
        TimeSpan age = now - DateTimeOffset.UnixEpoch - TimeSpan.FromSeconds(_claims.Iat);
        return _claims.Htm != method ? "htm is another method"
            : !IsUrl(host, path) ? "htu is another address"
            : age.Duration() > Tolerance ? "iat is too far from the server's time"
            : _claims.Ath != hash ? "ath is not of this device"
            : null;
    }

    // Scheme and host are the same in capitals (RFC 3986 section 6.2.2.1), a path is not.
    private bool IsUrl(string host, string path) =>
        _claims.Htu.EndsWith(path, StringComparison.Ordinal)
        && string.Equals(_claims.Htu, $"https://{host}{path}", StringComparison.OrdinalIgnoreCase);

    private async Task<bool> IsSignedAsync()
    {
        using ECDsa key = Key.Create();
        TokenValidationResult result = await _handler.ValidateTokenAsync(_text, new TokenValidationParameters
        {
            // No cache: strangers' keys would fill it.
            IssuerSigningKey = new ECDsaSecurityKey(key)
            {
                CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
            },
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = ["dpop+jwt"],
            ValidateIssuer = false, // the claims of an access token; a proof has others
            ValidateAudience = false,
            ValidateLifetime = false,
            RequireExpirationTime = false,
        });
        return result.IsValid;
    }

    /// <summary>Null: not base64url in its one form.</summary>
    private static byte[]? Decode(string text)
    {
        try
        {
            byte[] bytes = Base64Url.DecodeFromChars(text);
            return Base64Url.EncodeToString(bytes) == text ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private sealed record Header(string Typ, string Alg, Jwk Jwk);

    private sealed record Jwk(string Kty, string Crv, string X, string Y);

    private sealed record Claims(string Jti, string Htm, string Htu, uint Iat, string? Ath = null);
}
