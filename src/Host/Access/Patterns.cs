namespace Sallyport.Host.Access;

/// <summary>ssh_config(5), PATTERNS: '*', '?', lists with commas, '!' in front of what excludes.</summary>
internal static class Patterns
{
    public static bool Match(string text, string pattern)
    {
        int star = -1;
        int back = 0;
        int p = 0;
        for (int t = 0; t < text.Length;)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, back) = (p++, t);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++back;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }

    /// <summary>One that excludes beats all others.</summary>
    public static bool MatchList(string text, string list, Func<string, string, bool>? match = null)
    {
        bool found = false;
        foreach (string entry in list.Split(','))
        {
            bool excludes = entry.StartsWith('!');
            if ((match ?? Match)(text, excludes ? entry[1..] : entry))
            {
                if (excludes)
                {
                    return false;
                }

                found = true;
            }
        }

        return found;
    }
}
