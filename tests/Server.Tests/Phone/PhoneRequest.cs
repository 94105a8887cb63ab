using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sallyport.Server.Tests.Phone;

/// <summary>A request of a phone; a test bends one thing of it.</summary>
internal sealed record PhoneRequest(string Method, string Path, string? Body = null)
{
    public string ContentType { get; init; } = "application/json";

    /// <summary>In place of the body.</summary>
    public byte[]? Bytes { get; init; }

    public string? Query { get; init; }

    /// <summary>Bends the header of the proof.</summary>
    public Action<JsonObject> Header { get; init; } = _ => { };

    /// <summary>Bends the claims of the proof.</summary>
    public Action<JsonObject> Claims { get; init; } = _ => { };

    /// <summary>Bends the proof as text, or makes none of it, or two.</summary>
    public Func<string, string[]> Proofs { get; init; } = proof => [proof];

    /// <summary>In place of the phone's own key.</summary>
    public Func<byte[], byte[]>? Signer { get; init; }

    /// <summary>In place of the phone's own.</summary>
    public string[]? Authorization { get; init; }

    public HttpRequestMessage Sign(Uri server, string host, ECDsa key, string? device, DateTimeOffset now)
    {
        HttpRequestMessage http = new(new HttpMethod(Method), new Uri(server, Path + Query));
        if (Body is not null || Bytes is not null)
        {
            http.Content = new ByteArrayContent(Bytes ?? Encoding.UTF8.GetBytes(Body!));
            http.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }

        foreach (string proof in Proofs(Proof(host, key, device, now)))
        {
            http.Headers.TryAddWithoutValidation("DPoP", proof);
        }

        foreach (string value in Authorization ?? (device is null ? [] : [$"DPoP {device}"]))
        {
            http.Headers.TryAddWithoutValidation("Authorization", value);
        }

        return http;
    }

    public static JsonObject JwkOf(ECDsa key)
    {
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        return new()
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(point.X),
            ["y"] = Base64Url.EncodeToString(point.Y),
        };
    }

    public static string HashOf(string device) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(device)));

    private string Proof(string host, ECDsa key, string? device, DateTimeOffset now)
    {
        JsonObject header = new() { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = JwkOf(key) };
        JsonObject claims = new()
        {
            ["jti"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
            ["htm"] = Method,
            ["htu"] = $"https://{host}{Path}",
            ["iat"] = now.ToUnixTimeSeconds(),
        };
        if (device is not null)
        {
            claims["ath"] = HashOf(device);
        }

        Header(header);
        Claims(claims);
        string text = $"{Encode(header)}.{Encode(claims)}";
        byte[] signed = Encoding.ASCII.GetBytes(text);
        byte[] signature = Signer?.Invoke(signed) ?? key.SignData(signed, HashAlgorithmName.SHA256);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(JsonObject part) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
}

/// <param name="Json">The root; undefined where there is no body.</param>
internal sealed record PhoneReply(
    HttpStatusCode Status, JsonElement Json, HttpResponseHeaders Headers, HttpContentHeaders Content)
{
    /// <summary>"401 invalid_token"; "204" where nothing is said.</summary>
    public string Said => Json.ValueKind is JsonValueKind.Object && Json.TryGetProperty("error", out JsonElement error)
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)Status} {error.GetString()}")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)Status}");

    public string? Text(string name) => Json.GetProperty(name).GetString();

    public static async Task<PhoneReply> OfAsync(HttpResponseMessage response)
    {
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(TestServer.Stop);
        return new(
            response.StatusCode,
            bytes.Length > 0 ? JsonDocument.Parse(bytes).RootElement : default,
            response.Headers,
            response.Content.Headers);
    }
}
