using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sallyport.Server.Devices;

/// <summary>Where a push service takes what is for one phone: W3C's PushSubscription (Push API, section 8).</summary>
internal sealed class PushSubscription
{
    private const int MostEndpointCharacters = 1024;
    private const int AuthBytes = 16; // RFC 8291 section 3.2

    private readonly Uri _endpoint;
    private readonly string _p256dh;
    private readonly string _auth;

    private PushSubscription(Uri endpoint, string p256dh, string auth) =>
        (_endpoint, _p256dh, _auth) = (endpoint, p256dh, auth);

    /// <summary>Who runs the push service. The rest of the endpoint is a secret of sorts.</summary>
    public string Host => _endpoint.Host;

    public static bool TryParse(
        string endpoint, string p256dh, string auth, [NotNullWhen(true)] out PushSubscription? subscription)
    {
        bool valid = Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri)
            && uri.UserInfo.Length == 0
            && endpoint.Length <= MostEndpointCharacters
            && endpoint.StartsWith("https://", StringComparison.Ordinal)
            && endpoint.All(c => c is > ' ' and <= '~' and not '#')
            && Decode(p256dh) is { } point && PhoneKey.OfPoint(point) is not null
            && Decode(auth) is { Length: AuthBytes };
        subscription = valid ? new(uri!, p256dh, auth) : null;
        return valid;
    }

    /// <summary>As it is kept.</summary>
    public string ToJson() => JsonSerializer.Serialize(new
    {
        endpoint = _endpoint.OriginalString,
        keys = new { p256dh = _p256dh, auth = _auth },
    });

    /// <summary>Null: not base64url without padding, in its one form (RFC 4648 section 5).</summary>
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
}
