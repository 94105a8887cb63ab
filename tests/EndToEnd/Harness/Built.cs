namespace Sallyport.EndToEnd.Harness;

/// <summary>Files of the repository that the tests run.</summary>
internal static class Built
{
    public static string SandboxScript => Path.Combine(Root, "eng", "sandbox.sh");

    public static string Agent => Existing("out/host/sallyport-agent");

    public static string Command => Existing("out/host/sallyport");

    public static string Login => Existing("out/host/sallyport-login");

    public static string Module => Existing("out/host/pam_sallyport.so");

    public static string Server => Existing("out/server/sallyport-server");

    public static string Root { get; } = FindRoot();

    /// <summary>Fails the test, saying what to run, where the host programs have not been built.</summary>
    public static void RequireHostPrograms() => _ = (Agent, Command, Login, Module);

    /// <summary>A file of a package, in the folder of libraries of this machine's architecture.</summary>
    public static string? InLibraries(string name) =>
        Directory.GetDirectories("/usr/lib").Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    private static string Existing(string path)
    {
        string full = Path.Combine(Root, path);
        Assert.True(File.Exists(full), $"{path} is missing: run ./dev build (or ./dev test)");
        return full;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sallyport.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("no Sallyport.slnx above " + AppContext.BaseDirectory);
    }
}
