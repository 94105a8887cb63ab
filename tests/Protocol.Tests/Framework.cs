using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocol.Tests;

/// <summary>Passcodes by the framework's HMAC, which shares no line with ours: RFC 4226 section 5.3, word for word.</summary>
internal static class Framework
{
    public static uint Passcode(byte[] key, long counter, int digits = 6, OtpAlgorithm algorithm = OtpAlgorithm.Sha1)
    {
        byte[] message = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(message, counter);
        byte[] mac = algorithm switch
        {
#pragma warning disable CA5350 // what the RFC asks for
            OtpAlgorithm.Sha1 => HMACSHA1.HashData(key, message),
#pragma warning restore CA5350
            OtpAlgorithm.Sha256 => HMACSHA256.HashData(key, message),
            OtpAlgorithm.Sha512 => HMACSHA512.HashData(key, message),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
        };
        int offset = mac[^1] & 0x0F;
        uint number = (uint)(((mac[offset] & 0x7F) << 24) | (mac[offset + 1] << 16) | (mac[offset + 2] << 8) | mac[offset + 3]);
        return number % (uint)Math.Pow(10, digits);
    }
}
