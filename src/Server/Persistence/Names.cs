using System.Globalization;
using System.Text;

namespace Sallyport.Server.Persistence;

/// <summary>What can be a name at all.</summary>
internal static class Names
{
    public const int MostBytes = 256;

    /// <summary>What <see cref="IsName"/> takes, in words.</summary>
    public const string Are = "no control, format or unassigned characters";

    /// <summary>What <see cref="IsIdentity"/> takes, in words.</summary>
    public const string IdentitiesAre = Are + ", in normal form (NFC)";

    /// <summary>
    /// 1 to 256 bytes of UTF-8, nothing that a terminal would obey, and nothing that is not seen: two names that differ
    /// are not shown alike by it.
    /// </summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= MostBytes }
        && Encoding.UTF8.GetByteCount(name) <= MostBytes
        && name.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && IsSeen(rune));

    /// <summary>
    /// A name by which somebody or something is known: in NFC, so that one name has one spelling.
    /// </summary>
    public static bool IsIdentity(string? name) => IsName(name) && NormalForm.IsCertain(name!);

    /// <summary>A name without blanks, as lists of names that blanks part can hold.</summary>
    public static bool IsWord(string? name) => IsIdentity(name) && !name!.Any(char.IsWhiteSpace);

    /// <summary>What was refused, so that it can be shown; the beginning, where it is long.</summary>
    public static string ForTerminal(string text) => Shown(text, 64);

    /// <summary>All of it, with what is not seen replaced.</summary>
    public static string Shown(string text) => Shown(text, int.MaxValue);

    private static string Shown(string text, int most) => string.Concat(
        text.EnumerateRunes().Take(most).Select(rune => IsSeen(rune) ? rune.ToString() : "?"));

    // Cf has the marks that turn the direction of writing, and what has no width.
    private static bool IsSeen(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate);
}
