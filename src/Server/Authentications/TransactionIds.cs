using System.Security.Cryptography;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Duo's txid: a UUID of 122 random bits (RFC 9562 section 5.4), because knowing it is what opens it.
/// </summary>
internal static class TransactionIds
{
    public static string New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
