using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Authentications;

/// <summary>What is kept of an approval, as a file that verifies without the server (docs/formats/approval.md).</summary>
internal sealed record ApprovalEvidence(DateTimeOffset At, byte[] PublicKey, string Jws)
{
    public const int MaxLength = 16 * 1024;

    /// <summary>What is signed, once it is known to be; null: it is not.</summary>
    public (ApprovalRecord Record, ApprovalAnswer Answer)? Verify()
    {
        string[] parts = Jws.Split('.');
        try
        {
            using ECDsa key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(PublicKey, out int read);
            return read == PublicKey.Length && parts.Length == 3
                && ApprovalRecord.Parse(Base64Url.DecodeFromChars(parts[1])) is { } record
                && record.Expires >= 0 && record.Expires <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                && ApprovalJws.Verify(Jws, record, key) is { } answer
                    ? (record, answer)
                    : null;
        }
        catch (Exception garbage) when (garbage is CryptographicException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Of the key, as RFC 7638 has it: what the audit has of the device's activation.</summary>
    public string Thumbprint() => PhoneKey.ThumbprintOf(PublicKey);

    public string ToJson() =>
        $$"""
        {
          "approval": "{{Jws}}",
          "at": "{{At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)}}",
          "publicKey": "{{Convert.ToBase64String(PublicKey)}}"
        }
        """;

    /// <summary>Null: it is no such file.</summary>
    public static ApprovalEvidence? Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            return new(
                root.GetProperty("at").GetDateTimeOffset(),
                root.GetProperty("publicKey").GetBytesFromBase64(),
                root.GetProperty("approval").GetString() ?? "");
        }
        catch (Exception garbage)
            when (garbage is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
