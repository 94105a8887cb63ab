namespace Sallyport.Protocol;

/// <summary>
/// A decimal number as C's strtoul and strtol read it, because the state file's numbers are defined by them: white
/// space and one sign in front, the rest of the text ignored.
/// </summary>
/// <param name="Bits">The 64 bits of the result; a negative number in two's complement.</param>
/// <param name="Length">How many bytes were read; 0 if there is no number.</param>
/// <param name="InRange">False if 64 bits cannot hold the number.</param>
internal readonly record struct CNumber(ulong Bits, int Length, bool InRange)
{
    /// <summary>No clock comes this far, and sums and differences of such moments stay within 64 bits.</summary>
    public const long FarthestMoment = 1L << 60;

    public long Int64 => unchecked((long)Bits);

    /// <summary>What is left when C assigns the number to an int.</summary>
    public int Int32 => unchecked((int)Bits);

    /// <summary>Whether there is a number and it can be held.</summary>
    public bool IsValid => Length > 0 && InRange;

    /// <summary>Whether it can be a time step or a time in seconds. These are not cut to 32 bits: time goes on.</summary>
    public bool IsMoment => IsValid && Int64 is >= -FarthestMoment and <= FarthestMoment;

    /// <summary>strtoul: a minus sign negates modulo 2^64.</summary>
    public static CNumber Unsigned(ReadOnlySpan<byte> text)
    {
        Magnitude(text, out ulong magnitude, out bool negative, out int length, out bool inRange);
        return new(negative ? unchecked(0 - magnitude) : magnitude, length, inRange);
    }

    /// <summary>strtol: stops at the ends of the range of a long.</summary>
    public static CNumber Signed(ReadOnlySpan<byte> text)
    {
        Magnitude(text, out ulong magnitude, out bool negative, out int length, out bool inRange);
        ulong limit = negative ? 1UL << 63 : long.MaxValue;
        bool fits = inRange && magnitude <= limit;
        ulong value = fits ? magnitude : limit;
        return new(negative ? unchecked(0 - value) : value, length, fits);
    }

    private static void Magnitude(
        ReadOnlySpan<byte> text,
        out ulong magnitude,
        out bool negative,
        out int length,
        out bool inRange)
    {
        int position = 0;
        while (position < text.Length && text[position] is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r'))
        {
            position++;
        }

        negative = position < text.Length && text[position] == '-';
        position += position < text.Length && text[position] is (byte)'-' or (byte)'+' ? 1 : 0;

        int firstDigit = position;
        magnitude = 0;
        inRange = true;
        for (; position < text.Length && text[position] is >= (byte)'0' and <= (byte)'9'; position++)
        {
            ulong digit = (ulong)(text[position] - '0');
            inRange &= magnitude <= (ulong.MaxValue - digit) / 10;
            magnitude = unchecked((magnitude * 10) + digit);
        }

        length = position == firstDigit ? 0 : position;
    }
}
