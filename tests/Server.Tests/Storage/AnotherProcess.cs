using System.Diagnostics;

namespace Sallyport.Server.Tests.Storage;

/// <summary>
/// This test program once more, with one explicit test in it: what must be killed, or must run where the file system is
/// another, cannot run here.
/// </summary>
internal static class AnotherProcess
{
    private const string FolderVariable = "SALLYPORT_TEST_FOLDER";

    /// <summary>The folder that its parent chose.</summary>
    public static string Folder => Environment.GetEnvironmentVariable(FolderVariable)
        ?? throw new InvalidOperationException($"run by another test, which sets {FolderVariable}");

    /// <param name="before">What a shell runs before, in a mount namespace of its own; null: nothing.</param>
    public static Process Start(string method, string folder, string? before = null)
    {
        string program = $"'{Environment.ProcessPath}' -noColor -noLogo -explicit only -method '{method}'";
        ProcessStartInfo start = before is null
            ? new("sh", ["-c", $"exec {program}"])
            : new("unshare", ["-m", "sh", "-c", $"mount --make-rprivate / && {before} && exec {program}"]);
        start.Environment[FolderVariable] = folder;
        start.RedirectStandardOutput = true;
        return Process.Start(start)!;
    }
}
