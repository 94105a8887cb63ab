using System.Globalization;
using System.Text;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Sshd;

/// <summary>
/// The sshds that wait for connections here now, with the file and the settings that they were started with: what
/// stands on a command line beats every file, and another file is another configuration.
/// </summary>
internal static class SshdListeners
{
    /// <summary>Empty: none waits (systemd may start one for each connection), so the usual file counts.</summary>
    public static IReadOnlyList<SshdProgram> Find(SshdProgram usual)
    {
        // What runs doctor may have put other files in front of it, as setup does with those that it has in mind.
        string?[] here = [Link("/proc/self/ns/mnt"), Link($"/proc/{Unistd.getppid()}/ns/mnt")];
        HashSet<string> seen = [];
        List<SshdProgram> found = [];
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(p[6])))
        {
            // Anybody may call a process of his sshd; that of root, in this place of the file tree, is believed.
            if (Title(process) is string title && IsRoots(process) && Link($"{process}/ns/mnt") is string place && here.Contains(place)
                && seen.Add(title))
            {
                found.Add(Parse(usual, title) with
                {
                    // Of files that only we see, it has read none yet.
                    Process = place == here[0] ? int.Parse(process[6..], CultureInfo.InvariantCulture) : null,
                });
            }
        }

        return [.. found.DistinctBy(sshd => (sshd.ConfigurationFile, string.Join('\n', sshd.Settings)))];
    }

    /// <summary>"sshd: /usr/sbin/sshd -D -f FILE [listener] 0 of 10-100 startups", without what stands around.</summary>
    private static string? Title(string process)
    {
        try
        {
            string text = Encoding.Latin1.GetString(File.ReadAllBytes($"{process}/cmdline")).Replace('\0', ' ');
            int end = text.IndexOf(" [listener]", StringComparison.Ordinal);
            return text.StartsWith("sshd: ", StringComparison.Ordinal) && end > 0 ? text[6..end] : null;
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }

    private static bool IsRoots(string process)
    {
        try
        {
            return File.ReadLines($"{process}/status").Any(line => line.StartsWith("Uid:\t0\t0\t", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static SshdProgram Parse(SshdProgram usual, string title)
    {
        string[] words = title.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string file = usual.ConfigurationFile;
        List<string> settings = [];
        for (int i = 1; i < words.Length; i++)
        {
            string option = words[i].Length > 1 && words[i][0] == '-' ? words[i][..2] : "";
            if (option is "-f" or "-o")
            {
                string value = words[i].Length > 2 ? words[i][2..] : i + 1 < words.Length ? words[++i] : "";
                if (option == "-f")
                {
                    file = value;
                }
                else
                {
                    // "-o Port 22" and "-o Port=22" look the same here but for the blank.
                    bool more = !value.Contains('=', StringComparison.Ordinal) && i + 1 < words.Length && words[i + 1][0] != '-';
                    settings.Add(more ? $"{value}={words[++i]}" : value);
                }
            }
        }

        return usual with { ConfigurationFile = file, Settings = settings };
    }
}
