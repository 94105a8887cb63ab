using System.Security.Cryptography;

namespace Sallyport.Server.Users;

/// <summary>
/// How a bypass code looks: 16 digits (53 bits), shown in groups of four. Digits, because Duo's clients send what is
/// typed at "Passcode:" as it is; 16, because a passcode has at most 9.
/// </summary>
internal static class BypassCodeText
{
    public const int Digits = 16;

    public static string New() => RandomNumberGenerator.GetString("0123456789", Digits);

    /// <summary>1234 5678 9012 3456.</summary>
    public static string Grouped(string digits) => string.Join(' ', digits.Chunk(4).Select(group => new string(group)));

    /// <summary>
    /// The digits of what was typed, blanks and hyphens between them passed over; false: no bypass code.
    /// </summary>
    public static bool TryParse(string? typed, out string digits)
    {
        digits = "";
        if (typed is null || typed.Length > 4 * Digits)
        {
            return false;
        }

        string found = string.Concat(typed.Where(c => c is not (' ' or '-')));
        if (found.Length != Digits || !found.All(char.IsAsciiDigit))
        {
            return false;
        }

        digits = found;
        return true;
    }
}
