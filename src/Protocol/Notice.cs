using System.Text;

namespace Sallyport.Protocol;

/// <summary>A change of factors that the account's owner is told at his next login.</summary>
/// <param name="Number">1 or more, rising with every change.</param>
/// <param name="Text">What was changed, by whom and when; see <see cref="IsText"/>.</param>
public readonly record struct Notice(uint Number, string Text)
{
    /// <summary>How many notices an entry keeps.</summary>
    public const int MaxNotices = 8;

    /// <summary>The greatest length of a text in UTF-8.</summary>
    public const int MaxTextBytes = 160;

    /// <summary>
    /// Whether a notice can say this: 1 to 160 bytes, no control character, because it is written to terminals, and no
    /// blank at either end.
    /// </summary>
    /// <param name="text">The text.</param>
    public static bool IsText(string? text)
    {
        if (string.IsNullOrEmpty(text) || char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
        {
            return false;
        }

        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar) // a lone surrogate has no UTF-8
            {
                return false;
            }

            bytes += rune.Utf8SequenceLength;
        }

        return bytes <= MaxTextBytes;
    }
}
