namespace Sallyport.Host.Duo;

/// <summary>A setting of a file of Duo's.</summary>
/// <param name="Name">Null: this line is none, and nothing after it is read.</param>
internal readonly record struct DuoPair(int Line, string? Name, string Value);

/// <summary>
/// The dialect of login_duo.conf, as the C programs read it. Whoever brings such a file means what those made of it,
/// also where that surprises; docs/reference/compatibility.md has the rules.
/// </summary>
internal static class DuoIni
{
    private const int LongestLine = 199; // what fgets(3) puts into a buffer of 200
    private static readonly char[] _blanks = [' ', '\t', '\n', '\v', '\f', '\r']; // isspace(3)

    /// <param name="text">One char a byte.</param>
    public static IEnumerable<DuoPair> Read(string text)
    {
        string last = "";
        for ((int at, int number) = (0, 1); at < text.Length; number++)
        {
            int most = Math.Min(LongestLine, text.Length - at);
            int end = text.IndexOf('\n', at, most);
            string line = text.Substring(at, end < 0 ? most : end - at);
            at = end < 0 ? at + most : end + 1;

            string body = line.Split('\0')[0].TrimEnd(_blanks);
            string start = body.TrimStart(_blanks);
            if (start.Length == 0 || start[0] == ';')
            {
                continue;
            }

            if (last.Length > 0 && start.Length < body.Length)
            {
                yield return new DuoPair(number, last, start);
            }
            else if (start[0] == '[' && Find(start, ']') > 0)
            {
                last = ""; // what the section is called means nothing
            }
            else if (start[0] != '#')
            {
                int equals = start[0] == '[' ? -1 : Find(start, '=');
                if (equals < 0)
                {
                    yield return new DuoPair(number, null, "");
                    yield break;
                }

                last = start[..equals].TrimEnd(_blanks);
                string value = start[(equals + 1)..].TrimStart(_blanks);
                yield return new DuoPair(number, last, WithoutComment(value));
            }
        }
    }

    /// <summary>Where it is, before a comment; else -1.</summary>
    private static int Find(string text, char c)
    {
        int found = text.IndexOf(c, StringComparison.Ordinal);
        return found < CommentAt(text) ? found : -1;
    }

    private static string WithoutComment(string value) => value[..CommentAt(value)].TrimEnd(_blanks);

    /// <summary>A comment inside a line begins with ';' behind a blank, and so never where the text begins.</summary>
    private static int CommentAt(string text)
    {
        int comment = 1;
        while (comment < text.Length && !(text[comment] == ';' && _blanks.Contains(text[comment - 1])))
        {
            comment++;
        }

        return Math.Min(comment, text.Length);
    }
}
