using System.Text;

namespace Sallyport.Host.Duo;

/// <summary>Who is asked, by his groups, as <c>groups</c> of Duo's files says it. All texts are Latin-1, one char a byte.</summary>
internal static class DuoGroups
{
    /// <summary>The words of the value; a backslash before a blank makes it a part of its word.</summary>
    public static IReadOnlyList<string> Words(string value)
    {
        List<string> words = [];
        var word = new StringBuilder();
        for (int i = 0; i <= value.Length; i++)
        {
            bool literal = i + 1 < value.Length && value[i] == '\\' && IsBlank(value[i + 1]);
            if (i < value.Length && (literal || !IsBlank(value[i])))
            {
                i += literal ? 1 : 0;
                word.Append(value[i]);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return words;
    }

    /// <summary>Negations alone never match: with such groups nobody at all would be asked.</summary>
    public static bool MatchNobody(IReadOnlyList<string> words) =>
        words.Count > 0 && words.All(word => word.Split(',').All(pattern => pattern is "" or ['!', ..]));

    private static bool IsBlank(char c) => c is ' ' or '\t';
}
