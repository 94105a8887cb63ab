using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Cli.HomeFile;

/// <summary>An option by its long name, and its letter if it has one ('\0' is none).</summary>
internal sealed record Option(char Letter, string Name, bool TakesArgument);

/// <summary>
/// getopt_long(3) with '+': options end at the first word that is none, or at "--"; letters may be clustered, long
/// names cut short as long as they stay unique. The error texts are glibc's, because people and scripts know them.
/// </summary>
/// <param name="anywhere">Without the '+': options may stand behind other words too, up to "--".</param>
internal sealed class GetOpt(
    string program, IReadOnlyList<string> words, IReadOnlyList<Option> options, bool anywhere = false)
{
    private readonly List<string> _passed = [];
    private int _word;

    // Where the next letter of a cluster stands in the current word; 0 outside a cluster.
    private int _letter;

    /// <summary>What is wrong with the option at which TryNext stopped; null if it came to their end.</summary>
    public string? Error { get; private set; }

    /// <summary>The words that are no options.</summary>
    public IEnumerable<string> Rest => _passed.Concat(words.Skip(_word));

    /// <summary>The next option, with its argument if it takes one, else with an empty one.</summary>
    public bool TryNext([NotNullWhen(true)] out Option? option, out string argument)
    {
        (option, argument) = (null, "");
        if (_letter > 0)
        {
            return TryLetter(out option, out argument);
        }

        while (anywhere && _word < words.Count && words[_word] is not ['-', _, ..])
        {
            _passed.Add(words[_word++]);
        }

        if (_word >= words.Count || words[_word] is not ['-', _, ..] word)
        {
            return false;
        }

        if (word == "--")
        {
            _word++;
            return false;
        }

        if (word.StartsWith("--", StringComparison.Ordinal))
        {
            _word++;
            return TryName(word[2..], out option, out argument);
        }

        _letter = 1;
        return TryLetter(out option, out argument);
    }

    private bool TryLetter([NotNullWhen(true)] out Option? option, out string argument)
    {
        argument = "";
        string word = words[_word];
        char letter = word[_letter++];
        option = options.FirstOrDefault(o => o.Letter == letter);
        if (option is null)
        {
            return Fail($"invalid option -- '{letter}'", out option);
        }

        if (option.TakesArgument && _letter < word.Length)
        {
            argument = word[_letter..];
            _letter = word.Length;
        }

        if (_letter == word.Length)
        {
            (_letter, _word) = (0, _word + 1);
            if (option.TakesArgument && argument.Length == 0)
            {
                return TryTakeWord(out argument)
                    || Fail($"option requires an argument -- '{letter}'", out option);
            }
        }

        return true;
    }

    private bool TryName(string text, [NotNullWhen(true)] out Option? option, out string argument)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? text : text[..equals];
        argument = equals < 0 ? "" : text[(equals + 1)..];

        Option[] candidates = [.. options.Where(o => o.Name.StartsWith(name, StringComparison.Ordinal))];
        option = candidates.Length == 1 ? candidates[0] : candidates.FirstOrDefault(o => o.Name == name);
        if (option is null)
        {
            return Fail(candidates.Length == 0
                ? $"unrecognized option '--{text}'"
                : $"option '--{text}' is ambiguous; possibilities:"
                    + string.Concat(candidates.Select(o => $" '--{o.Name}'")), out option);
        }

        if (!option.TakesArgument)
        {
            return equals < 0 || Fail($"option '--{option.Name}' doesn't allow an argument", out option);
        }

        return equals >= 0 || TryTakeWord(out argument)
            || Fail($"option '--{option.Name}' requires an argument", out option);
    }

    private bool TryTakeWord(out string word)
    {
        bool found = _word < words.Count;
        word = found ? words[_word++] : "";
        return found;
    }

    private bool Fail(string what, out Option? option)
    {
        Error = $"{program}: {what}";
        option = null;
        return false;
    }
}
