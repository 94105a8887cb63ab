using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>docs/reference/pam-layouts.md: under a heading for each system, a block for each file, named before it.</summary>
internal static class LayoutPage
{
    public static IReadOnlyList<(string Path, string Content)> Files(string heading)
    {
        List<(string, string)> files = [];
        string section = "";
        string path = "";
        string? block = null;
        foreach (string line in File.ReadLines(Path.Combine(Built.Root, "docs/reference/pam-layouts.md")))
        {
            if (block is not null && line == "```")
            {
                files.AddRange(section == heading ? [(path, block)] : []);
                block = null;
            }
            else if (block is not null)
            {
                block += line + "\n";
            }
            else if (line == "```")
            {
                block = "";
            }

            section = block is null && line.StartsWith("## ", StringComparison.Ordinal) ? line[3..] : section;
            path = block is null && line.StartsWith("`/etc/", StringComparison.Ordinal) ? line.Split('`')[1] : path;
        }

        Assert.NotEmpty(files);
        return files;
    }
}
