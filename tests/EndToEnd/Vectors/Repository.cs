namespace Sallyport.EndToEnd.Vectors;

internal static class Repository
{
    /// <summary>The folder that has Sallyport.slnx.</summary>
    public static string Root { get; } = Find();

    /// <summary>A file of a package, in the folder of libraries of this machine's architecture.</summary>
    public static string? InLibraries(string name) =>
        Directory.GetDirectories("/usr/lib").Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sallyport.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException("Sallyport.slnx is in no folder above the tests");
    }
}
