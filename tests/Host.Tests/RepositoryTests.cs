using System.Xml.Linq;

namespace Sallyport.Host.Tests;

/// <summary>The rules of ARCHITECTURE.md that a file can be held to.</summary>
public sealed class Given_the_repository
{
    /// <summary>What each project may refer to. A project that is not here fails the test until it is.</summary>
    private static readonly Dictionary<string, string[]> Below = new()
    {
        ["Protocol"] = [],
        ["Host"] = ["Protocol"],
        ["Agent"] = ["Host"],
        ["Cli"] = ["Host"],
        ["Login"] = ["Host"],
        ["Server"] = ["Protocol"],
    };

    private static readonly string Root = FindRoot();

    [Fact]
    public void Project_references_point_down_only()
    {
        string[] upward =
        [
            .. from file in Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
               let project = Path.GetFileNameWithoutExtension(file)
               from other in Includes(file, "ProjectReference").Select(Path.GetFileNameWithoutExtension)
               where !Below.TryGetValue(project, out string[]? below) || !below.Contains(other)
               select $"{project} refers to {other}",
        ];

        Assert.Empty(upward);
    }

    [Fact]
    public void Every_project_has_its_place()
    {
        string[] projects =
        [
            .. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
                .Select(file => Path.GetFileNameWithoutExtension(file)),
        ];

        Assert.Equal(Below.Keys.Order(), projects.Order());
    }

    [Fact]
    public void Protocol_needs_no_package()
    {
        Assert.Empty(Includes(Path.Combine(Root, "src", "Protocol", "Protocol.csproj"), "PackageReference"));
    }

    [Fact]
    public void The_shim_stays_small_enough_to_be_read_in_one_sitting()
    {
        string[] sources =
        [
            .. Directory.EnumerateFiles(Path.Combine(Root, "src", "Pam"), "*.c"),
            .. Directory.EnumerateFiles(Path.Combine(Root, "src", "Pam"), "*.h"),
        ];

        Assert.NotEmpty(sources);
        Assert.InRange(sources.Sum(file => File.ReadLines(file).Count()), 1, 399);
    }

    [Fact]
    public void It_has_no_other_C()
    {
        string[] folders =
        [
            .. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.c", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Root, Path.GetDirectoryName(file)!))
                .Except(["src/Pam/fuzz", "src/Pam/test"]) // what tries the module is not built into anything
                .Distinct(),
        ];

        Assert.Equal(["src/Pam"], folders);
    }

    [Fact]
    public void The_readme_stays_short()
    {
        Assert.InRange(File.ReadLines(Path.Combine(Root, "README.md")).Count(), 1, 120);
    }

    private static string[] Includes(string project, string element) =>
        [.. XDocument.Load(project).Descendants(element).Select(e => e.Attribute("Include")!.Value)];

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sallyport.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("no Sallyport.slnx above the tests");
    }
}
