using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>
/// Base32 (RFC 4648 section 6) in two dialects: strict and without padding, as key URIs have it, and the lenient one
/// of the state file's first line.
/// </summary>
public static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int Blank = -1;
    private const int Invalid = -2;

    /// <summary>Encodes in upper case, without padding.</summary>
    /// <param name="bytes">Any number of bytes, none included.</param>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        byte[] ascii = new byte[EncodedLength(bytes.Length)];
        Encode(bytes, ascii);
        string encoded = Encoding.ASCII.GetString(ascii);
        CryptographicOperations.ZeroMemory(ascii);
        return encoded;
    }

    /// <summary>How many characters so many bytes become.</summary>
    internal static int EncodedLength(int bytes) => (int)(((bytes * 8L) + 4) / 5);

    /// <summary>Encodes into a buffer of <see cref="EncodedLength"/> that the caller can wipe, as no string can be.</summary>
    internal static void Encode(ReadOnlySpan<byte> bytes, Span<byte> ascii)
    {
        int written = 0;
        uint buffer = 0;
        int bits = 0;
        foreach (byte value in bytes)
        {
            buffer = (buffer << 8) | value;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                ascii[written++] = (byte)Alphabet[(int)((buffer >> (bits - 5)) & 31)];
            }
        }

        if (bits > 0)
        {
            ascii[written] = (byte)Alphabet[(int)((buffer << (5 - bits)) & 31)];
        }
    }

    /// <summary>
    /// Decodes strictly: upper case only, no padding, no blanks, no length that no encoder produces, and the bits left
    /// over at the end are zero, so that each value has exactly one text.
    /// </summary>
    /// <param name="text">The text; empty is the empty value.</param>
    /// <param name="bytes">The value; null if the text is not base32. The caller wipes it if it is a secret.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length % 8 is 1 or 3 or 6)
        {
            return false;
        }

        byte[] decoded = new byte[(int)(text.Length * 5L / 8)];
        int written = 0;
        uint buffer = 0;
        int bits = 0;
        foreach (char character in text)
        {
            int digit = character switch
            {
                >= 'A' and <= 'Z' => character - 'A',
                >= '2' and <= '7' => character - '2' + 26,
                _ => Invalid,
            };
            if (digit == Invalid)
            {
                return false;
            }

            buffer = (buffer << 5) | (uint)digit;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                decoded[written++] = (byte)((buffer >> bits) & 0xFF);
            }
        }

        if ((buffer & ((1u << bits) - 1)) != 0)
        {
            return false;
        }

        bytes = decoded;
        return true;
    }

    /// <summary>How many bytes <see cref="DecodeLenient"/> will write; false if a byte has no meaning.</summary>
    internal static bool TryMeasureLenient(ReadOnlySpan<byte> text, out int length)
    {
        long digits = 0;
        foreach (byte character in text)
        {
            int digit = LenientDigit(character);
            if (digit == Invalid)
            {
                length = 0;
                return false;
            }

            digits += digit == Blank ? 0 : 1;
        }

        length = (int)(digits * 5 / 8);
        return true;
    }

    /// <summary>Decodes what <see cref="TryMeasureLenient"/> has passed. Bits left over are dropped unseen.</summary>
    internal static void DecodeLenient(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        int written = 0;
        uint buffer = 0;
        int bits = 0;
        foreach (byte character in text)
        {
            int digit = LenientDigit(character);
            if (digit == Blank)
            {
                continue;
            }

            buffer = (buffer << 5) | (uint)digit;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[written++] = (byte)((buffer >> bits) & 0xFF);
            }
        }
    }

    private static int LenientDigit(byte character) => character switch
    {
        (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'-' => Blank,
        (byte)'0' => 'O' - 'A',
        (byte)'1' => 'L' - 'A',
        (byte)'8' => 'B' - 'A',
        >= (byte)'A' and <= (byte)'Z' => character - 'A',
        >= (byte)'a' and <= (byte)'z' => character - 'a',
        >= (byte)'2' and <= (byte)'7' => character - '2' + 26,
        _ => Invalid,
    };
}
