using System.Text.RegularExpressions;

namespace Sallyport.Server.Tests;

public sealed partial class SliceDependencyTests
{
    private static readonly Dictionary<string, string[]> _below = new()
    {
        ["Persistence"] = [],
        ["Audit"] = ["Persistence"],
        ["Applications"] = ["Persistence", "Audit"],
        ["Users"] = ["Persistence", "Audit", "Applications"],
        ["Devices"] = ["Persistence", "Audit", "Applications", "Users"],
        ["Push"] = ["Persistence", "Audit", "Applications", "Users", "Devices"],
        ["Authentications"] = ["Persistence", "Audit", "Applications", "Users", "Devices", "Push"],
        ["Web"] = [],
        ["DuoApi"] = ["Web", "Persistence", "Audit", "Applications", "Users", "Devices", "Push", "Authentications"],
        ["Phone"] = ["Web", "Persistence", "Audit", "Applications", "Users", "Devices", "Push", "Authentications"],
    };

    [Fact]
    public void Slices_only_look_down()
    {
        string server = Path.Combine(RepositoryRoot(), "src", "Server");
        var upward =
            from slice in _below.Keys
            from file in Directory.EnumerateFiles(Path.Combine(server, slice), "*.cs", SearchOption.AllDirectories)
            from Match use in SliceUse().Matches(File.ReadAllText(file))
            let other = use.Groups[1].Value
            where other != slice && !_below[slice].Contains(other)
            select $"{Path.GetRelativePath(server, file)} uses {other}";

        Assert.Empty(upward);
    }

    [Fact]
    public void Every_slice_is_listed()
    {
        string[] outside = ["Hosting", "Commands", "Maintenance", "Migrations"];

        Assert.Equal(
            _below.Keys.Order(),
            Directory.EnumerateDirectories(Path.Combine(RepositoryRoot(), "src", "Server"))
                .Select(folder => Path.GetFileName(folder)!).Except(outside).Except(["bin", "obj"]).Order());
    }

    internal static string RepositoryRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sallyport.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not inside the repository");
        }

        return folder;
    }

    [GeneratedRegex(@"Sallyport\.Server\.(\w+)")]
    private static partial Regex SliceUse();
}
