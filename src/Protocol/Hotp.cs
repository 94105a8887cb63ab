using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>HOTP: passcodes from a secret and a counter (RFC 4226).</summary>
public static class Hotp
{
    private const int MacBytesMax = 64; // HMAC-SHA-512

    /// <summary>Computes the passcode of one counter value (RFC 4226 section 5.3).</summary>
    /// <param name="secret">K.</param>
    /// <param name="counter">C, hashed as eight bytes big-endian; a negative one in two's complement.</param>
    /// <param name="digits">6, 7 or 8.</param>
    /// <param name="algorithm">The hash under the HMAC.</param>
    /// <returns>The passcode as a number below 10^<paramref name="digits"/>; leading zeros are the reader's.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Other digits, or no such algorithm.</exception>
    public static uint Compute(
        OtpSecret secret,
        long counter,
        int digits = 6,
        OtpAlgorithm algorithm = OtpAlgorithm.Sha1)
    {
        ArgumentNullException.ThrowIfNull(secret);
        uint modulus = Modulus(digits);
        if (algorithm is OtpAlgorithm.Sha1)
        {
            Span<uint> truncated = stackalloc uint[HmacSha1Lanes.Lanes];
            new HmacSha1Lanes(secret.Expose()).Compute(counter, truncated);
            return truncated[0] % modulus;
        }

        Span<byte> message = stackalloc byte[sizeof(long)];
        Span<byte> mac = stackalloc byte[MacBytesMax];
        BinaryPrimitives.WriteInt64BigEndian(message, counter);
        int length = Mac(algorithm, secret.Expose(), message, mac);
        uint passcode = Truncate(mac[..length]) % modulus;
        CryptographicOperations.ZeroMemory(mac);
        return passcode;
    }

    /// <summary>
    /// Finds the first counter of <paramref name="counter"/> to <paramref name="counter"/> +
    /// <paramref name="window"/> - 1 whose passcode this is (RFC 4226 section 7.4), or null. The caller MUST go on
    /// from the counter after it, so that no passcode is accepted twice. All of the window is computed, whether
    /// something matches or not; <see cref="long.MaxValue"/> never matches, because there is no counter after it.
    /// </summary>
    /// <param name="secret">K.</param>
    /// <param name="code">The passcode as a number; that it has as many digits is the caller's to check.</param>
    /// <param name="counter">The first counter to try.</param>
    /// <param name="window">How many counters to try, at least 1.</param>
    /// <param name="digits">6, 7 or 8.</param>
    /// <param name="algorithm">The hash under the HMAC.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A negative counter, window below 1, other digits, or no such algorithm.
    /// </exception>
    public static long? Match(
        OtpSecret secret,
        uint code,
        long counter,
        int window,
        int digits = 6,
        OtpAlgorithm algorithm = OtpAlgorithm.Sha1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(counter);
        int count = (int)Math.Min(window, long.MaxValue - counter);
        return FirstMatch(secret, code, counter, count, digits, algorithm) is int index ? counter + index : null;
    }

    /// <summary>
    /// How far after <paramref name="first"/>, in two's complement, the first of so many counters lies whose passcode
    /// this is. All of them are computed.
    /// </summary>
    internal static int? FirstMatch(
        OtpSecret secret,
        uint code,
        long first,
        int count,
        int digits,
        OtpAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(secret);
        uint modulus = Modulus(digits);
        int? match = null;
        if (algorithm is not OtpAlgorithm.Sha1)
        {
            for (int i = 0; i < count; i++)
            {
                bool equal = Compute(secret, unchecked(first + i), digits, algorithm) == code;
                match = equal && match is null ? i : match;
            }

            return match;
        }

        HmacSha1Lanes hmac = new(secret.Expose());
        Span<uint> truncated = stackalloc uint[HmacSha1Lanes.Lanes];
        for (int i = 0; i < count; i++)
        {
            int lane = i % HmacSha1Lanes.Lanes;
            if (lane == 0)
            {
                hmac.Compute(unchecked(first + i), truncated);
            }

            bool equal = truncated[lane] % modulus == code;
            match = equal && match is null ? i : match;
        }

        return match;
    }

    /// <summary>10 to the power of the digits.</summary>
    private static uint Modulus(int digits) => digits switch
    {
        6 => 1_000_000,
        7 => 10_000_000,
        8 => 100_000_000,
        _ => throw new ArgumentOutOfRangeException(nameof(digits), digits, "A passcode has 6 to 8 digits."),
    };

    private static int Mac(OtpAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac) =>
        algorithm switch
        {
            OtpAlgorithm.Sha256 => HMACSHA256.HashData(key, message, mac),
            OtpAlgorithm.Sha512 => HMACSHA512.HashData(key, message, mac),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No such algorithm."),
        };

    // RFC 4226 section 5.3 step 2, dynamic truncation: the low 4 bits of the last byte choose where to read 31 bits.
    private static uint Truncate(ReadOnlySpan<byte> mac) =>
        BinaryPrimitives.ReadUInt32BigEndian(mac[(mac[^1] & 0x0F)..]) & 0x7FFF_FFFF;
}
