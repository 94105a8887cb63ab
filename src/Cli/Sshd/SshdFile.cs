namespace Sallyport.Cli.Sshd;

/// <summary>A "Match" line: all its criteria have to hold.</summary>
internal sealed record MatchBlock(string File, int Line, IReadOnlyList<(string Name, string Value)> Criteria)
{
    public string Where => $"{File}:{Line}";
}

/// <summary>A line that sets something.</summary>
/// <param name="Keyword">In lower case.</param>
/// <param name="Under">The Match lines that it stands under; none: it holds for all.</param>
internal sealed record SshdLine(string File, int Line, string Keyword, string Value, IReadOnlyList<MatchBlock> Under)
{
    public string Where => $"{File}:{Line}";
}

/// <summary>
/// sshd_config(5) as it stands on disk, with what it includes in place, in the order in which sshd reads: of two lines
/// that hold for a connection the first one counts. What they come to is for sshd -T to say; this says where they are.
/// </summary>
internal sealed class SshdFile
{
    private const int DeepestInclude = 16; // servconf.c, SERVCONF_MAX_DEPTH
    private const string RelativeTo = "/etc/ssh";

    private readonly List<SshdLine> _lines = [];
    private readonly List<MatchBlock> _blocks = [];
    private readonly HashSet<string> _files = [];
    private readonly HashSet<string> _folders = [];

    public IReadOnlyList<SshdLine> Lines => _lines;

    public IReadOnlyList<MatchBlock> Blocks => _blocks;

    /// <summary>All that was read.</summary>
    public IReadOnlySet<string> Files => _files;

    /// <summary>Those from which an Include takes what fits.</summary>
    public IReadOnlySet<string> Folders => _folders;

    public static SshdFile Read(string path)
    {
        var file = new SshdFile();
        file.Read(path, [], 0);
        return file;
    }

    public IEnumerable<SshdLine> Of(string keyword) => _lines.Where(line => line.Keyword == keyword);

    private void Read(string path, IReadOnlyList<MatchBlock> under, int depth)
    {
        if (depth > DeepestInclude || !File.Exists(path))
        {
            return;
        }

        _files.Add(path);
        IReadOnlyList<MatchBlock> now = under;
        int number = 0;
        foreach (string raw in File.ReadLines(path, System.Text.Encoding.Latin1))
        {
            number++;
            List<string> words = Words(raw);
            if (words is not [string first, .. List<string> rest])
            {
                continue;
            }

            switch (first.ToLowerInvariant())
            {
                case "include":
                    foreach (string pattern in rest.Select(p => p.StartsWith('/') ? p : $"{RelativeTo}/{p}"))
                    {
                        _folders.UnionWith(Glob.Folder(pattern) is string folder ? [folder] : []);
                        foreach (string file in Glob.Files(pattern))
                        {
                            Read(file, now, depth + 1); // a Match line in there ends with that file
                        }
                    }

                    break;
                case "match":
                    var block = new MatchBlock(path, number, Criteria(rest));
                    _blocks.Add(block);
                    now = [.. under, block];
                    break;
                case string keyword:
                    _lines.Add(new(path, number, keyword, string.Join(' ', rest), now));
                    break;
            }
        }
    }

    /// <summary>"all" and "invalid-user" stand alone; "User=a" is "User a".</summary>
    private static List<(string, string)> Criteria(List<string> words)
    {
        List<(string, string)> criteria = [];
        for (int i = 0; i < words.Count; i++)
        {
            string[] parts = words[i].Split('=', 2);
            string name = parts[0].ToLowerInvariant();
            bool alone = name is "all" or "invalid-user";
            criteria.Add((name, parts.Length > 1 ? parts[1] : alone || i + 1 >= words.Count ? "" : words[++i]));
        }

        return criteria;
    }

    /// <summary>Words with blanks or one '=' behind the keyword; double quotes; a '#' that begins a word ends the line.</summary>
    private static List<string> Words(string line)
    {
        List<string> words = [];
        for (int i = 0; i < line.Length;)
        {
            if (char.IsWhiteSpace(line[i]) || (line[i] == '=' && words.Count == 1))
            {
                i++;
                continue;
            }

            if (line[i] == '#')
            {
                break;
            }

            var word = new System.Text.StringBuilder();
            bool quoted = false;
            for (; i < line.Length && (quoted || !(char.IsWhiteSpace(line[i]) || (line[i] == '=' && words.Count == 0))); i++)
            {
                if (line[i] == '"')
                {
                    quoted = !quoted;
                }
                else
                {
                    word.Append(line[i]);
                }
            }

            words.Add(word.ToString());
        }

        return words;
    }
}
