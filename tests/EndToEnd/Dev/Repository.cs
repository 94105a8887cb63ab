namespace Sallyport.EndToEnd.Dev;

internal static class Repository
{
    /// <summary>The folder of Sallyport.slnx, above the folder that the tests run from.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Fails the test, saying what to run, where the host programs have not been built.</summary>
    public static void RequireHostPrograms()
    {
        foreach (string program in (string[])["sallyport-agent", "sallyport", "pam_sallyport.so"])
        {
            Assert.True(
                File.Exists(Path.Combine(Root, "out", "host", program)),
                $"out/host/{program} has not been built: run ./dev test");
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sallyport.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Sallyport.slnx is in no folder above the tests");
    }
}
