using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>A page of docs/how-to. Its commands are the blocks marked sh, under their headings.</summary>
internal sealed class HowTo
{
    private readonly Dictionary<string, string> _commands = [];

    private HowTo(IEnumerable<string> lines)
    {
        string heading = "";
        bool command = false;
        foreach (string line in lines)
        {
            if (command && line != "```")
            {
                _commands[heading] = _commands.GetValueOrDefault(heading, "") + line + "\n";
            }
            else if (line.StartsWith('#'))
            {
                heading = line.TrimStart('#').Trim();
            }

            command = line == "```sh" || (command && line != "```");
        }
    }

    public static HowTo Read(string page) => new(File.ReadLines(Path.Combine(Built.Root, "docs", "how-to", page)));

    /// <summary>The commands under a heading, as they stand in the page.</summary>
    public string Commands(string heading)
    {
        Assert.True(_commands.ContainsKey(heading), $"the page has no commands under '{heading}'");
        return _commands[heading];
    }

    /// <summary>How many commands the page has under these headings: a line each, but for what goes on in the next.</summary>
    public int Count(params string[] headings) => headings.Sum(heading => Commands(heading).TrimEnd().Split('\n').Length);

    /// <summary>Runs the commands under a heading as the machine's root.</summary>
    public Task<string> FollowAsync(BootedHost host, string heading) => host.SayAsync(Commands(heading));
}
