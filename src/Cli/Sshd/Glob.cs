using System.Text;

namespace Sallyport.Cli.Sshd;

/// <summary>
/// Include's glob: the one that OpenSSH carries with it (openbsd-compat/glob.c), with '*', '?', sets in brackets and a
/// backslash in front of what stands for itself. Names and patterns are bytes, one char each.
/// </summary>
internal static class Glob
{
    /// <summary>Sorted by bytes over the whole path, as sshd reads them; hidden ones only where the pattern says so.</summary>
    public static IReadOnlyList<string> Files(string pattern)
    {
        IEnumerable<string> found = [""];
        string[] parts = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            string part = parts[i];
            bool isLast = i == parts.Length - 1;
            found = IsMagic(part)
                ? found.SelectMany(folder => Inside(folder, part, isLast))
                : found.Select(folder => $"{folder}/{Plain(part)}").Where(path => isLast ? File.Exists(Text(path)) : Directory.Exists(Text(path)));
        }

        return [.. found.Order(StringComparer.Ordinal).Select(Text)];
    }

    /// <summary>The folder whose content decides what is found; null: no folder does, or several.</summary>
    public static string? Folder(string pattern)
    {
        int slash = pattern.LastIndexOf('/');
        return slash > 0 && IsMagic(pattern[slash..]) && !IsMagic(pattern[..slash]) ? Text(Plain(pattern[..slash])) : null;
    }

    public static bool Match(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern)
    {
        while (!pattern.IsEmpty)
        {
            if (pattern[0] == '*')
            {
                pattern = pattern.TrimStart('*');
                int skipped = 0;
                while (skipped < name.Length && !Match(name[skipped..], pattern))
                {
                    skipped++;
                }

                return skipped < name.Length || pattern.IsEmpty;
            }

            if (name.IsEmpty)
            {
                return false;
            }

            (bool fits, int length) = Step(name[0], pattern);
            if (!fits)
            {
                return false;
            }

            name = name[1..];
            pattern = pattern[length..];
        }

        return name.IsEmpty;
    }

    /// <summary>One character of the name against the first element of the pattern, which is so long.</summary>
    private static (bool Fits, int Length) Step(char c, ReadOnlySpan<char> pattern) => pattern[0] switch
    {
        '?' => (true, 1),
        '[' => Set(c, pattern) ?? (c == '[', 1),
        '\\' when pattern.Length > 1 => (c == pattern[1], 2),
        char other => (c == other, 1),
    };

    /// <summary>"[!a-z_]", "[[:digit:]]", and "[]x]", whose first character is a ']'. Null: it has no end.</summary>
    private static (bool Fits, int Length)? Set(char c, ReadOnlySpan<char> pattern)
    {
        bool excludes = pattern.Length > 1 && pattern[1] == '!';
        bool found = false;
        int first = excludes ? 2 : 1;
        for (int i = first; i < pattern.Length;)
        {
            if (pattern[i] == ']' && i > first)
            {
                return (found != excludes, i + 1);
            }

            int end = pattern[i..].IndexOf(":]", StringComparison.Ordinal);
            if (end > 0 && pattern[i..].StartsWith("[:", StringComparison.Ordinal))
            {
                found |= IsOf(c, pattern[(i + 2)..(i + end)]);
                i += end + 2;
                continue;
            }

            char from = Next(pattern, ref i);
            char to = from;
            if (i + 1 < pattern.Length && pattern[i] == '-' && pattern[i + 1] != ']')
            {
                i++;
                to = Next(pattern, ref i);
            }

            found |= from <= c && c <= to;
        }

        return null;
    }

    private static char Next(ReadOnlySpan<char> pattern, ref int i)
    {
        i += pattern[i] == '\\' && i + 1 < pattern.Length ? 1 : 0;
        return pattern[i++];
    }

    private static bool IsOf(char c, ReadOnlySpan<char> name) => name switch
    {
        "alnum" => char.IsAsciiLetterOrDigit(c),
        "alpha" => char.IsAsciiLetter(c),
        "blank" => c is ' ' or '\t',
        "cntrl" => c is < ' ' or '\x7F',
        "digit" => char.IsAsciiDigit(c),
        "graph" => c is > ' ' and < '\x7F',
        "lower" => char.IsAsciiLetterLower(c),
        "print" => c is >= ' ' and < '\x7F',
        "punct" => c is > ' ' and < '\x7F' && !char.IsAsciiLetterOrDigit(c),
        "space" => c is ' ' or (>= '\t' and <= '\r'),
        "upper" => char.IsAsciiLetterUpper(c),
        "xdigit" => char.IsAsciiHexDigit(c),
        _ => false,
    };

    private static IEnumerable<string> Inside(string folder, string pattern, bool files)
    {
        string path = Text($"{folder}/");
        return from entry in !Directory.Exists(path) ? [] : files ? Directory.EnumerateFiles(path) : Directory.EnumerateDirectories(path)
               let name = Bytes(Path.GetFileName(entry))
               where (name[0] != '.' || pattern[0] == '.') && Match(name, pattern)
               select $"{folder}/{name}";
    }

    private static bool IsMagic(string part) => part.AsSpan().IndexOfAny("*?[") >= 0;

    /// <summary>Without the backslashes that protect.</summary>
    private static string Plain(string part)
    {
        var plain = new StringBuilder();
        for (int i = 0; i < part.Length;)
        {
            plain.Append(Next(part, ref i));
        }

        return plain.ToString();
    }

    private static string Text(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));

    private static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
