using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Configuration;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Agent;

/// <summary>
/// While <c>sallyport setup</c> waits to be confirmed, it keeps a file in the state directory, where it is noted which ssh
/// connections proved a factor and opened a session (by sallyport-login the other way round). The file says nothing to the
/// agent, and nobody is let in by it.
/// </summary>
internal static class SetupWitness
{
    public static void Note(ConfigurationFile configuration, string what, Hello hello)
    {
        if (hello.SshConnection.Length == 0)
        {
            return;
        }

        try
        {
            // Not made here: where setup waits for nothing there is none.
            using SafeFileHandle file = Fcntl.openat(
                Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes($"{configuration.Current().StateDirectory}/setup/witness\0"),
                Fcntl.O_WRONLY | Fcntl.O_APPEND | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
            if (!file.IsInvalid)
            {
                byte[] line = Encoding.Latin1.GetBytes($"{what} {Printable.Of(hello.User)} {Printable.Of(hello.SshConnection)}\n");
                _ = Unistd.write(file, line, line.Length); // one that is missing only leaves setup unconfirmed
            }
        }
        catch (ConfigurationException)
        {
            // Said already, by what refuses the login.
        }
    }
}
