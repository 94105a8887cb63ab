using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>Signs and verifies requests of Duo's API: an HMAC over a text (docs/formats/duo-signature.md).</summary>
public static class DuoSignature
{
    /// <summary>The fewest bytes of a secret key. Duo's have 40. A shorter one signs and verifies nothing.</summary>
    public const int MinKeyBytes = 16;

    /// <summary>
    /// Signs a request: the host in lower case without its port, the parameters sorted by name. The result is the
    /// HMAC in lower-case hexadecimal digits.
    /// </summary>
    /// <param name="version">Which text to sign.</param>
    /// <param name="digest">The hash function; versions 4 and 5 know SHA-512 only.</param>
    /// <param name="request">The request. It has a date, but for version 1.</param>
    /// <param name="skey">The secret key, as it is written: its 40 letters and digits are the bytes.</param>
    /// <exception cref="ArgumentException">The version cannot sign this request, or the key is too short.</exception>
    public static string Sign(
        DuoSignatureVersion version,
        DuoDigest digest,
        DuoRequestText request,
        ReadOnlySpan<byte> skey)
    {
        if (skey.Length < MinKeyBytes || !MaySign(version, digest, request))
        {
            throw new ArgumentException("The request has no such signature, or the key is too short.", nameof(version));
        }

        return Encoding.ASCII.GetString(Hex(digest, skey, DuoSignedText.Usual(version, request)));
    }

    /// <summary>
    /// Finds which signature of the request this is: null if it is none, which is a refusal. Which texts are tried
    /// depends on the request alone, and all of them are computed, so that the time tells nothing about the key.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="skey">The secret key of the application that <see cref="DuoAuthorization"/> names.</param>
    /// <param name="hexMac">The signature: 40 or 128 lower-case hexadecimal digits.</param>
    /// <param name="allowsUndated">
    /// Whether version 1 is tried, which has no date: only for an application that is marked for clients before 2.0.4.
    /// </param>
    public static DuoSignatureMatch? Verify(
        DuoRequestText request,
        ReadOnlySpan<byte> skey,
        ReadOnlySpan<byte> hexMac,
        bool allowsUndated = false)
    {
        DuoDigest digest = hexMac.Length switch
        {
            2 * SHA1.HashSizeInBytes => DuoDigest.Sha1,
            2 * SHA512.HashSizeInBytes => DuoDigest.Sha512,
            _ => DuoDigest.None,
        };
        if (digest is DuoDigest.None || skey.Length < MinKeyBytes)
        {
            return null;
        }

        DuoSignatureMatch? match = null;
        foreach (DuoSignatureVersion version in (ReadOnlySpan<DuoSignatureVersion>)
            [DuoSignatureVersion.V5, DuoSignatureVersion.V4, DuoSignatureVersion.V2, DuoSignatureVersion.V1])
        {
            if (!MaySign(version, digest, request) || (version is DuoSignatureVersion.V1 && !allowsUndated))
            {
                continue;
            }

            foreach (string text in DuoSignedText.All(version, request))
            {
                if (CryptographicOperations.FixedTimeEquals(Hex(digest, skey, text), hexMac))
                {
                    match = new(version, digest);
                }
            }
        }

        return match;
    }

    /// <summary>
    /// Versions 1 and 2 do not sign a JSON body, so with one they sign nothing. Versions 4 and 5 sign the bytes of the
    /// body but not its type, so they sign none but JSON: no text is then read in two ways.
    /// </summary>
    private static bool MaySign(DuoSignatureVersion version, DuoDigest digest, DuoRequestText request) => version switch
    {
        DuoSignatureVersion.V1 => digest is not DuoDigest.None && request.BodyKind is not DuoBodyKind.Json,
        DuoSignatureVersion.V2 =>
            digest is not DuoDigest.None && request.BodyKind is not DuoBodyKind.Json && request.Date is not null,
        DuoSignatureVersion.V4 or DuoSignatureVersion.V5 =>
            digest is DuoDigest.Sha512 && request.BodyKind is not DuoBodyKind.Form && request.Date is not null,
        _ => false,
    };

    private static byte[] Hex(DuoDigest digest, ReadOnlySpan<byte> skey, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
#pragma warning disable CA5350 // the clients before 2.0.1 know no other; an HMAC does not need what SHA-1 has lost
        byte[] mac = digest is DuoDigest.Sha1 ? HMACSHA1.HashData(skey, bytes) : HMACSHA512.HashData(skey, bytes);
#pragma warning restore CA5350
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(mac));
    }
}
