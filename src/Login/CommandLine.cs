using System.Text;

namespace Sallyport.Login;

/// <summary>What the options say. Texts are Latin-1, one char a byte, as all that goes to the shell.</summary>
internal sealed record LoginOptions
{
    public string? Config { get; init; }

    public bool Debug { get; init; }

    public string? DuoUser { get; init; }

    public string? Host { get; init; }

    public bool Version { get; init; }

    /// <summary>The words that are no options.</summary>
    public IReadOnlyList<string> Rest { get; init; } = [];
}

/// <summary>
/// getopt(3) of glibc for "vc:df:h:?": options may stand behind other words, up to "--", unless POSIXLY_CORRECT is set.
/// </summary>
internal static class CommandLine
{
    private const string Letters = "vcdfh?";
    private const string WithArgument = "cfh";

    /// <summary>
    /// The words of this process, byte for byte: file names need not be UTF-8, and what the framework has made of them
    /// cannot be undone.
    /// </summary>
    public static string[] Words()
    {
        string line = Encoding.Latin1.GetString(File.ReadAllBytes("/proc/self/cmdline"));
        return line.Length > 0 ? line[..^1].Split('\0') : [];
    }

    /// <param name="program">argv[0], for what is said about an option.</param>
    /// <param name="problem">What is to be said before the usage; empty: the usage says it all.</param>
    public static LoginOptions? Parse(string program, IReadOnlyList<string> words, bool stopsAtFirst, out string? problem)
    {
        problem = null;
        var options = new LoginOptions();
        List<string> rest = [];
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            bool ends = word == "--" || (stopsAtFirst && word is not ['-', _, ..]);
            if (ends)
            {
                rest.AddRange(words.Skip(word == "--" ? i + 1 : i));
                break;
            }

            if (word is not ['-', _, ..])
            {
                rest.Add(word);
                continue;
            }

            for (int at = 1; at < word.Length; at++)
            {
                char letter = word[at];
                if (!Letters.Contains(letter, StringComparison.Ordinal))
                {
                    problem = $"{program}: invalid option -- '{letter}'";
                    return null;
                }

                if (letter == '?')
                {
                    problem = "";
                    return null;
                }

                if (!WithArgument.Contains(letter, StringComparison.Ordinal))
                {
                    // The first that is acted upon ends it, as in C, where each is acted upon in its turn.
                    options = letter == 'v' ? options with { Version = true } : options with { Debug = true };
                    if (options.Version)
                    {
                        return options;
                    }

                    continue;
                }

                string? value = at + 1 < word.Length ? word[(at + 1)..] : i + 1 < words.Count ? words[++i] : null;
                if (value is null)
                {
                    problem = $"{program}: option requires an argument -- '{letter}'";
                    return null;
                }

                options = letter switch
                {
                    'c' => options with { Config = value },
                    'f' => options with { DuoUser = value },
                    _ => options with { Host = value },
                };
                break;
            }
        }

        return options with { Rest = rest };
    }
}
