using Sallyport.Host.Interop;

namespace Sallyport.Cli.Users;

/// <summary>Which accounts people log in to.</summary>
internal static class LoginShell
{
    /// <summary>An account without a shell of its own gets /bin/sh (passwd(5)).</summary>
    public static bool Lets(Account account) =>
        account.Shell[(account.Shell.LastIndexOf('/') + 1)..] is not ("nologin" or "false" or "sync" or "shutdown" or "halt");

    /// <summary>Null: it may be an account's shell; else why not.</summary>
    public static string? Wrong(string shell) =>
        File.Exists("/etc/shells") && File.ReadLines("/etc/shells").Contains(shell) && shell.StartsWith('/') && File.Exists(shell)
            ? null
            : $"{Host.Messages.Printable.Of(shell)} is not a shell of /etc/shells";
}
