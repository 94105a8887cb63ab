using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// Text that came from outside, made fit for a terminal or a log: what could move the cursor, end a line, or turn the
/// order of reading becomes <c>?</c>. Older Duo clients print what the server sends as it is.
/// </summary>
/// <remarks>
/// Replaced are the control characters (C0, DEL, C1), the separators of lines and paragraphs, halves of surrogate
/// pairs, and the characters of the category Format, which holds the bidirectional controls, invisible ones and tags.
/// Two of these stay, the zero-width joiner and non-joiner: names are written with them.
/// </remarks>
public static class DuoText
{
    /// <summary>The most characters of a line; one that has more is cut and ends with three dots.</summary>
    public const int MaxLine = 256;

    /// <summary>The most characters of several lines.</summary>
    public const int MaxLines = 8192;

    /// <summary>One line: a name, an address, a command. TAB and LF become <c>?</c>, too.</summary>
    /// <param name="text">The text; null is empty.</param>
    public static string Line(string? text) => Clean(text, MaxLine, keepsLines: false);

    /// <summary>One line from bytes: what is no UTF-8 becomes <c>?</c>, too.</summary>
    /// <param name="utf8">The bytes.</param>
    public static string Line(ReadOnlySpan<byte> utf8)
    {
        // No character has more than four bytes; what lies behind the cut is not looked at.
        ReadOnlySpan<byte> rest = utf8[..Math.Min(utf8.Length, 4 * (MaxLine + 1))];
        StringBuilder text = new();
        while (!rest.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf8(rest, out Rune rune, out int length) is OperationStatus.Done;
            text.Append(whole ? rune.ToString() : "?");
            rest = rest[length..];
        }

        return Line(text.ToString());
    }

    /// <summary>Several lines, whole: a status or a prompt. TAB and LF stay.</summary>
    /// <param name="text">The text; null is empty.</param>
    public static string Lines(string? text) => Clean(text, MaxLines, keepsLines: true);

    private static string Clean(ReadOnlySpan<char> text, int most, bool keepsLines)
    {
        StringBuilder clean = new();
        while (!text.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf16(text, out Rune rune, out int length) is OperationStatus.Done;
            if (clean.Length + length > most)
            {
                return clean.Append("...").ToString();
            }

            clean.Append(whole && IsFit(rune, keepsLines) ? text[..length] : "?");
            text = text[length..];
        }

        return clean.ToString();
    }

    private static bool IsFit(Rune rune, bool keepsLines) => rune.Value switch
    {
        '\t' or '\n' => keepsLines,
        '\u200c' or '\u200d' => true,
        _ => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator),
    };
}
