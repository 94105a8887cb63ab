using Sallyport.Host.Interop;

namespace Sallyport.Login;

/// <summary>What comes after an allow: the account's shell in the place of this program, with all that it was given.</summary>
internal static class RunShell
{
    private const int LongestName = 255; // of argv[0], as login_duo has it

    /// <summary>Returns only where it cannot be; then it is what there is to say.</summary>
    public static string Exec(Account account, string? command)
    {
        string shell = account.Shell.Length > 0 ? account.Shell : "/bin/sh";
        string name = shell[(shell.LastIndexOf('/') + 1)..];
        if (command is null && name.Length + 1 > LongestName)
        {
            return $"{shell}: Invalid argument";
        }

        Signals.Restore();
        int error = command is null ? Unistd.Exec(shell, "-" + name) : Unistd.Exec(shell, name, "-c", command);
        return $"{shell}: {Unistd.StrError(error)}";
    }
}
