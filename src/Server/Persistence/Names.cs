using System.Text;

namespace Sallyport.Server.Persistence;

/// <summary>What can be a name at all.</summary>
internal static class Names
{
    public const int MostBytes = 256;

    /// <summary>1 to 256 bytes of UTF-8, nothing that a terminal would obey.</summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= MostBytes }
        && Encoding.UTF8.GetByteCount(name) <= MostBytes
        && name.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && !Rune.IsControl(rune));

    /// <summary>A name without blanks, as lists of names that blanks part can hold.</summary>
    public static bool IsWord(string? name) => IsName(name) && !name!.Any(char.IsWhiteSpace);

    /// <summary>What was refused, so that it can be shown.</summary>
    public static string ForTerminal(string text) => string.Concat(
        text.EnumerateRunes().Take(64).Select(rune => Rune.IsControl(rune) ? "?" : rune.ToString()));
}
