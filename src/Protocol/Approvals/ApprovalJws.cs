using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol.Approvals;

/// <summary>
/// An approval as a device sends it and the server keeps it: a JWS in compact form (RFC 7515), ES256 over P-256
/// (RFC 7518 section 3.4), of an <see cref="ApprovalRecord"/>.
/// </summary>
public static class ApprovalJws
{
    /// <summary>The most characters of one.</summary>
    public const int MaxLength = 8192;

    private const int SignatureBytes = 64; // r and s, 32 bytes each

    /// <summary>Signs what a person decided.</summary>
    /// <param name="record">What was shown to him.</param>
    /// <param name="answer">What he decided.</param>
    /// <param name="key">The device's key.</param>
    /// <exception cref="ArgumentException">There is no such answer, or the key is not of P-256.</exception>
    public static string Sign(ApprovalRecord record, ApprovalAnswer answer, ECDsa key)
    {
        if (!IsP256(key))
        {
            throw new ArgumentException("Not a key of P-256.", nameof(key));
        }

        string text = $"{HeaderOf(record)}.{Base64Url.EncodeToString(record.ToBytes(answer))}";
        byte[] signature = key.SignData(
            Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>
    /// What the device decided about this very record; null for everything else, which is a refusal. Header and record
    /// are not believed but built anew and compared, so no other algorithm, key, login or server can be named in them.
    /// </summary>
    /// <param name="jws">As it came.</param>
    /// <param name="record">The server's own.</param>
    /// <param name="key">The public key that the device registered.</param>
    public static ApprovalAnswer? Verify(string jws, ApprovalRecord record, ECDsa key)
    {
        string[] parts = jws.Length <= MaxLength ? jws.Split('.') : [];
        if (parts.Length != 3 || !IsP256(key) || parts[0] != HeaderOf(record)
            || Decode(parts[1]) is not { } payload || Decode(parts[2]) is not { Length: SignatureBytes } signature
            || ApprovalRecord.AnswerIn(payload) is not { } answer
            || !payload.AsSpan().SequenceEqual(record.ToBytes(answer)))
        {
            return null;
        }

        bool isSigned = key.VerifyData(
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
            signature,
            HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return isSigned ? answer : null;
    }

    private static string HeaderOf(ApprovalRecord record) => Base64Url.EncodeToString(
        Encoding.UTF8.GetBytes($$"""{"alg":"ES256","kid":"{{record.Device}}","typ":"sallyport-approval"}"""));

    private static bool IsP256(ECDsa key) =>
        key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == "1.2.840.10045.3.1.7"; // RFC 5480

    /// <summary>Null: not base64url as RFC 7515 has it, in its one form.</summary>
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
