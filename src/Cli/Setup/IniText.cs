namespace Sallyport.Cli.Setup;

/// <summary>sallyport.conf as lines: keys are set where they stand, and what is not ours stays.</summary>
internal sealed class IniText(string text)
{
    private readonly List<string> _lines = [.. text.TrimEnd('\n').Split('\n')];

    public override string ToString() => string.Join('\n', _lines).TrimEnd('\n') + "\n";

    public void Set(string section, string key, string value)
    {
        int header = Header(section);
        if (header < 0)
        {
            _lines.AddRange(_lines is [] or [.., ""] ? [$"[{section}]"] : ["", $"[{section}]"]);
            header = _lines.Count - 1;
        }

        int end = End(header);
        int line = _lines.FindIndex(header + 1, end - header - 1, l => Key(l) == key);
        if (line >= 0)
        {
            _lines[line] = $"{key} = {value}";
            return;
        }

        while (_lines[end - 1].Trim().Length == 0)
        {
            end--;
        }

        _lines.Insert(end, $"{key} = {value}");
    }

    public void Remove(Func<string, bool> sections)
    {
        for (int header = Next(0); header < _lines.Count; header = Next(header))
        {
            int end = End(header);
            if (sections(Title(_lines[header])!))
            {
                _lines.RemoveRange(header, end - header);
            }
            else
            {
                header = end;
            }
        }
    }

    private int Header(string section) => _lines.FindIndex(line => Title(line) == section);

    private int End(int header) => Next(header + 1);

    private int Next(int from)
    {
        int next = _lines.FindIndex(Math.Min(from, _lines.Count), line => Title(line) is not null);
        return next < 0 ? _lines.Count : next;
    }

    private static string? Title(string line) => line.Trim() is ['[', .. string title, ']']
        ? string.Join(' ', title.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        : null;

    private static string Key(string line) =>
        line.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals ? line[..equals].Trim() : "";
}
