using Sallyport.Host.Access;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>Who is asked, by his groups, as <c>groups</c> of Duo's files says it. Texts are one char a byte.</summary>
internal static class DuoGroups
{
    /// <summary>
    /// The words of the value; a backslash at the end of one joins the next to it by a blank. Null: nothing follows
    /// such a backslash, or there is a character that no group has. A word that matches nobody would let everybody in.
    /// </summary>
    public static IReadOnlyList<string>? Words(string value)
    {
        List<string> words = [];
        bool joins = false;
        foreach (string word in value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (joins)
            {
                words[^1] = $"{words[^1][..^1]} {word}";
            }
            else
            {
                words.Add(word);
            }

            joins = word.EndsWith('\\');
        }

        return joins || value.Any(c => c is < ' ' or '\x7F') ? null : words;
    }

    /// <summary>Negations alone never match: with such groups nobody at all would be asked.</summary>
    public static bool MatchNobody(IReadOnlyList<string> words) =>
        words.Count > 0 && words.All(word => word.Split(',').All(pattern => pattern is "" or ['!', ..]));

    /// <summary>Who is in no group that matches is let in by his first factor.</summary>
    /// <exception cref="IOException">His groups cannot all be told: that is a refusal.</exception>
    public static bool NeedsDuo(IReadOnlyList<string> words, Account account) =>
        words.Count == 0 || NeedsDuo(words, NamesOf(account));

    /// <param name="groups">All groups of the account, its primary one included.</param>
    public static bool NeedsDuo(IReadOnlyList<string> words, IReadOnlyCollection<string> groups) =>
        words.Count == 0 || words.Any(word => Matches(word.Split(','), groups));

    /// <summary>One group that matches is enough, unless another matches a negation.</summary>
    private static bool Matches(string[] patterns, IReadOnlyCollection<string> groups)
    {
        bool found = false;
        foreach (string pattern in patterns)
        {
            bool negates = pattern is ['!', ..];
            if (groups.Any(group => Patterns.Match(group, negates ? pattern[1..] : pattern)))
            {
                if (negates)
                {
                    return false;
                }

                found = true;
            }
        }

        return found;
    }

    /// <summary>A group without a name might be one that matches, or one that is negated.</summary>
    private static List<string> NamesOf(Account account)
    {
        List<string> names = [];
        foreach (uint gid in Pwd.GroupsOf(account))
        {
            names.Add(Pwd.GroupNameOf(gid) ?? throw new IOException($"group {gid} has no name"));
        }

        return names;
    }
}
