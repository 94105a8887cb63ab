namespace Sallyport.Host.Configuration;

/// <summary>
/// sallyport.conf, whole or not at all. An unknown section or key, a doubled key or a bad value is an error that
/// names file and line: a typing mistake must never switch a factor off.
/// </summary>
internal sealed record HostConfiguration
{
    /// <summary>
    /// [totp] secret: where state files are, for PAM lines without secret=. Null: among the entries of the root-only
    /// store, else where <see cref="Passcodes.StatePath.Default"/> says.
    /// </summary>
    public string? Secret { get; private init; }

    /// <summary>[agent] state_directory: the agent's own folder, root's alone.</summary>
    public string StateDirectory { get; private init; } = "/var/lib/sallyport";

    /// <exception cref="ConfigurationException">Names file and line.</exception>
    public static HostConfiguration Parse(string path, string text)
    {
        var configuration = new HostConfiguration();
        HashSet<string> seen = [];
        string section = "";
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
                section = line[1..^1].Trim();
                if (section is not ("totp" or "agent"))
                {
                    throw new ConfigurationException(path, number, $"unknown section [{section}]");
                }

                continue;
            }

            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? line : line[..equals].TrimEnd();
            if (equals < 0 || section.Length == 0)
            {
                throw new ConfigurationException(
                    path, number, equals < 0 ? $"'{key}' has no value (key = value)" : $"'{key}' stands before any [section]");
            }

            if (!seen.Add($"{section}.{key}"))
            {
                throw new ConfigurationException(path, number, $"'{key}' is set twice in [{section}]");
            }

            configuration = configuration.With(path, number, section, key, line[(equals + 1)..].TrimStart());
        }

        return configuration;
    }

    private HostConfiguration With(string path, int number, string section, string key, string value) =>
        (section, key) switch
        {
            ("totp", "secret") when value is ['/' or '~' or '$', ..] => this with { Secret = value },
            ("agent", "state_directory") when value is ['/', ..] => this with { StateDirectory = value },
            ("totp", "secret") or ("agent", "state_directory") =>
                throw new ConfigurationException(path, number, $"cannot use '{value}' for {key}: not an absolute path"),
            _ => throw new ConfigurationException(path, number, $"unknown key '{key}' in [{section}]"),
        };
}

/// <summary>What is wrong with a configuration, where, in words for an administrator.</summary>
internal sealed class ConfigurationException(string path, int line, string problem)
    : Exception(line > 0 ? $"{path}:{line}: {problem}" : $"{path}: {problem}");
