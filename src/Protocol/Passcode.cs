using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>
/// A passcode as somebody typed it: 6 to 9 ASCII digits, leading zeros kept. It cannot be printed by mistake, has no
/// <c>==</c>, and is compared in fixed time. The default value is no passcode and matches nothing.
/// </summary>
public readonly struct Passcode
{
    /// <summary>The least number of digits.</summary>
    public const int MinDigits = 6;

    /// <summary>The greatest number of digits.</summary>
    public const int MaxDigits = 9;

    private Passcode(uint number, int digits) => (Number, Digits) = (number, digits);

    /// <summary>The value without its leading zeros; below 10^9.</summary>
    public uint Number { get; }

    /// <summary>How many digits were typed, 6 to 9; 0 in the default value.</summary>
    public int Digits { get; }

    /// <summary>Parses exactly 6 to 9 ASCII digits: no sign, no blank, nothing around them.</summary>
    /// <param name="text">The text as bytes.</param>
    /// <param name="passcode">The passcode; the default value if the text is none.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out Passcode passcode)
    {
        passcode = default;
        if (text.Length is < MinDigits or > MaxDigits || text.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        uint number = 0;
        foreach (byte digit in text)
        {
            number = (number * 10) + (uint)(digit - '0');
        }

        passcode = new(number, text.Length);
        return true;
    }

    /// <summary>Parses exactly 6 to 9 ASCII digits: no sign, no blank, nothing around them.</summary>
    /// <param name="text">The text; null is no passcode.</param>
    /// <param name="passcode">The passcode; the default value if the text is none.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out Passcode passcode)
    {
        passcode = default;
        if (text is null || text.Length > MaxDigits || !Ascii.IsValid(text))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[MaxDigits];
        int length = Encoding.ASCII.GetBytes(text, bytes);
        return TryParse(bytes[..length], out passcode);
    }

    /// <summary>Makes the passcode of a computed number, for showing or comparing.</summary>
    /// <param name="number">Below 10^<paramref name="digits"/>.</param>
    /// <param name="digits">6 to 9.</param>
    /// <exception cref="ArgumentOutOfRangeException">Other digits, or a number that has more of them.</exception>
    public static Passcode FromNumber(uint number, int digits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digits, MinDigits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, MaxDigits);
        uint limit = 1;
        for (int i = 0; i < digits; i++)
        {
            limit *= 10;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, limit);
        return new(number, digits);
    }

    /// <summary>Whether both have the same digits, in a time that does not depend on them.</summary>
    /// <param name="other">The passcode to compare with.</param>
    public bool Matches(Passcode other)
    {
        ReadOnlySpan<uint> mine = [Number, (uint)Digits];
        ReadOnlySpan<uint> theirs = [other.Number, (uint)other.Digits];
        return CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(mine), MemoryMarshal.AsBytes(theirs))
            & Digits != 0;
    }

    /// <summary>The digits as text, leading zeros included: for the one place that shows a passcode to its owner.</summary>
    public string Expose() => Number.ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0');

    /// <summary>The same text for every passcode.</summary>
    public override string ToString() => "[passcode]";
}
