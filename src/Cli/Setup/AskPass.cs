using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Setup;

/// <summary>
/// What ssh runs to have a prompt answered: this program under another name, because nothing in /run may be a program of
/// its own where that is mounted noexec. The answer is a probe's passcode.
/// </summary>
internal static class AskPass
{
    public const string Name = "sallyport-askpass";
    public const string Variable = "SALLYPORT_PROBE_ANSWER";
    public const string Path = ProbeAccount.Folder + "/" + Name;

    public static void Install()
    {
        if (!File.Exists(Path))
        {
            Directory.CreateDirectory(ProbeAccount.Folder);
            File.CreateSymbolicLink(Path, Environment.ProcessPath!);
        }
    }

    public static int Run()
    {
        Screen.Write((Environment.GetEnvironmentVariable(Variable) ?? "") + "\n");
        return 0;
    }
}
