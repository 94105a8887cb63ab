using Sallyport.Host.Duo;

namespace Sallyport.Host.Configuration;

/// <summary>
/// sallyport.conf, whole or not at all. An unknown section or key, a doubled key or a bad value is an error that
/// names file and line: a typing mistake must never switch a factor off.
/// </summary>
internal sealed partial record HostConfiguration
{
    /// <summary>
    /// [totp] secret: where state files are, for PAM lines without secret=. Null: among the entries of the root-only
    /// store, else where <see cref="Passcodes.StatePath.Default"/> says.
    /// </summary>
    public string? Secret { get; private init; }

    /// <summary>[totp] home_files: whether ~/.google_authenticator counts for who has no entry.</summary>
    public bool HomeFiles { get; private init; } = true;

    /// <summary>[agent] state_directory: the agent's own folder, root's alone.</summary>
    public string StateDirectory { get; private init; } = "/var/lib/sallyport";

    /// <summary>[policy]; null: everybody is asked, as by google-authenticator's module.</summary>
    public Policy? Policy { get; private init; }

    /// <summary>[exempt NAME], by name.</summary>
    public IReadOnlyDictionary<string, Exemption> Exemptions { get; private init; } = new Dictionary<string, Exemption>();

    /// <summary>[break_glass NAME]</summary>
    public Exemption? BreakGlass { get; private init; }

    /// <summary>[hop]</summary>
    public Hop? Hop { get; private init; }

    /// <summary>[duo]; null: no server is asked.</summary>
    public DuoSettings? Duo { get; private init; }

    /// <exception cref="ConfigurationException">Names file and line.</exception>
    public static HostConfiguration Parse(string path, string text)
    {
        List<Section> sections = [];
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }

            if (line is ['[', .., ']'])
            {
                AddSection(sections, path, number, line[1..^1].Trim());
                continue;
            }

            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? line : line[..equals].TrimEnd();
            if (equals < 0 || sections.Count == 0)
            {
                string what = sections is [.., { Kind: "duo" }] ? "this line" : $"'{key}'"; // it may be the secret key
                throw new ConfigurationException(
                    path, number, equals < 0 ? $"{what} has no value (key = value)" : $"'{key}' stands before any [section]");
            }

            if (!sections[^1].Values.TryAdd(key, new Value(line[(equals + 1)..].TrimStart(), number)))
            {
                throw new ConfigurationException(path, number, $"'{key}' is set twice in [{sections[^1].Title}]");
            }
        }

        var configuration = new HostConfiguration();
        foreach (Section section in sections)
        {
            configuration = configuration.With(section);
            if (section.Values.Values.FirstOrDefault(value => !value.IsUsed) is Value unknown)
            {
                string key = section.Values.First(pair => pair.Value == unknown).Key;
                throw new ConfigurationException(path, unknown.Line, $"unknown key '{key}' in [{section.Title}]");
            }
        }

        // Else whoever can delete the file in his home, or a home that is not mounted, would settle it.
        return configuration is { HomeFiles: true, Policy.Enrolment: Enrolment.Allow or Enrolment.Required }
            ? throw new ConfigurationException(path, 0, "[policy] enrolment = allow or required wants [totp] home_files = no")
            : configuration;
    }

    /// <summary>[totp] and [agent] may be opened again further down, with other keys.</summary>
    private static void AddSection(List<Section> sections, string path, int number, string title)
    {
        int blank = title.IndexOf(' ', StringComparison.Ordinal);
        (string kind, string name) = blank < 0 ? (title, "") : (title[..blank], title[(blank + 1)..].Trim());
        bool named = kind is "exempt" or "break_glass";
        if (!(named || kind is "totp" or "agent" or "policy" or "hop" or "duo") || named != name.Length > 0)
        {
            throw new ConfigurationException(path, number, named
                ? $"[{kind}] names an account: [{kind} NAME]"
                : $"unknown section [{title}]");
        }

        Section? before = sections.Find(section => section.Kind == kind && section.Name == name);
        if (before is not null && kind is not ("totp" or "agent"))
        {
            throw new ConfigurationException(path, number, $"[{title}] is there twice");
        }

        if (before is not null)
        {
            sections.Remove(before);
            sections.Add(before);
            return;
        }

        sections.Add(new Section(path, number, kind, name));
    }

    /// <summary>A section as it stands in the file.</summary>
    private sealed record Section(string Path, int Line, string Kind, string Name)
    {
        public string Title => Name.Length > 0 ? $"{Kind} {Name}" : Kind;

        public Dictionary<string, Value> Values { get; } = [];

        /// <summary>Null: not set.</summary>
        public string? Find(string key)
        {
            Value? value = Values.GetValueOrDefault(key);
            if (value is not null)
            {
                value.IsUsed = true;
            }

            return value?.Text;
        }

        public string Get(string key) =>
            Find(key) ?? throw new ConfigurationException(Path, Line, $"[{Title}] wants '{key}'");

        public ConfigurationException Bad(string key, string why) =>
            new(Path, Values[key].Line, $"cannot use '{Values[key].Text}' for {key}: {why}");

        /// <summary>The same where the value is none for a log.</summary>
        public ConfigurationException BadSecret(string key, string why) =>
            new(Path, Values[key].Line, $"cannot use this {key}: {why}");
    }

    private sealed class Value(string text, int line)
    {
        public string Text => text;

        public int Line => line;

        public bool IsUsed { get; set; }
    }
}

/// <summary>What is wrong with a configuration, where, in words for an administrator.</summary>
internal sealed class ConfigurationException(string message) : Exception(message)
{
    public ConfigurationException(string path, int line, string problem)
        : this(line > 0 ? $"{path}:{line}: {problem}" : $"{path}: {problem}")
    {
    }
}
