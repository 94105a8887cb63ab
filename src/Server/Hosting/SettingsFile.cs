using System.Text;

namespace Sallyport.Server.Hosting;

/// <summary>server.conf in the data folder: "key = value" lines, with the keys that the options have.</summary>
internal static class SettingsFile
{
    private const string Name = "server.conf";

    public static string In(string folder) => Path.Combine(folder, Name);

    public static bool Exists(string folder) => File.Exists(In(folder));

    /// <exception cref="SettingsException">A line is no setting.</exception>
    public static IReadOnlyList<Setting> Read(string folder)
    {
        List<Setting> settings = [];
        string[] lines = ReadLines(In(folder));
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            string origin = $"{In(folder)}:{i + 1}";
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            settings.Add(equals > 0
                ? new Setting(line[..equals].TrimEnd(), line[(equals + 1)..].TrimStart(), origin)
                : throw new SettingsException($"{origin}: not 'key = value'"));
        }

        return settings;
    }

    public static void Write(string folder, IEnumerable<Setting> settings)
    {
        var text = new StringBuilder("# Settings of sallyport-server; docs/reference/server-settings.md has every key.\n");
        foreach (Setting setting in settings)
        {
            text.Append($"{setting.Key} = {setting.Value}\n");
        }

        DataFolder.Write(In(folder), text.ToString());
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{path}: {unreadable.Message}", unreadable);
        }
    }
}
