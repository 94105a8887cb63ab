using System.Globalization;
using System.Text;

namespace Sallyport.Server.Persistence;

/// <summary>
/// Whether a text is in Unicode's normal form C, by the quick check (UAX #15, section 9): .NET without ICU cannot
/// normalise. What that check calls "maybe" is a no here, so a name with a mark that could be one character with the
/// letter before it is refused, too; some vowel signs of Tamil, Malayalam and other scripts are such marks.
/// </summary>
internal static class NormalForm
{
    /// <summary>Code points whose NFC_Quick_Check is No or Maybe (Unicode 14), in hexadecimal.</summary>
    private const string NotCertain = """
        300-304 306-30C 30F 311 313-314 31B 323-328 32D-32E 330-331 338 340-345 374 37E 387 653-655 93C 958-95F
        9BE 9D7-9DF A33 A36 A59-A5B A5E B3E B56-B5D BBE BD7 C56 CC2 CD5-CD6 D3E D57 DCA-DCF DDF F43 F4D F52 F57
        F5C F69 F73 F75-F76 F78 F81 F93 F9D FA2 FA7 FAC FB9 102E 1161-1175 11A8-11C2 1B35 1F71 1F73 1F75 1F77
        1F79 1F7B 1F7D 1FBB 1FBE 1FC9 1FCB 1FD3 1FDB 1FE3 1FEB 1FEE-1FEF 1FF9 1FFB 1FFD 2000-2001 2126 212A-212B
        2329-232A 2ADC 3099-309A F900-FA0D FA10 FA12 FA15-FA1E FA20 FA22 FA25-FA26 FA2A-FAD9 FB1D FB1F FB2A-FB4E
        110BA 11127 1133E 11357 114B0 114BA 114BD 115AF 11930 1D15E-1D164 1D1BB-1D1C0 2F800-2FA1D
        """;

    private static readonly (int First, int Last)[] _notCertain = [.. NotCertain
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Select(range => range.Split('-'))
        .Select(ends => (Number(ends[0]), Number(ends[^1])))];

    /// <summary>True: it is. False: it is not, or it takes more than a look at each character to know.</summary>
    public static bool IsCertain(string text)
    {
        // Marks in another order than by their combining class are not normal either; two marks on one letter are
        // refused, which is simpler than that class.
        bool wasMark = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isMark = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark;
            if ((isMark && wasMark) || (!rune.IsAscii && Array.Exists(
                _notCertain, range => range.First <= rune.Value && rune.Value <= range.Last)))
            {
                return false;
            }

            wasMark = isMark;
        }

        return true;
    }

    private static int Number(string hexadecimal) =>
        int.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
