using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol.Duo;

namespace Sallyport.Login;

/// <summary>
/// What is said and logged. The framework's console is not used: it would change the terminal and take signals. A text
/// that cannot be written is not worth a login.
/// </summary>
internal sealed class Output(bool toStderr)
{
    private const int LongestLine = 511; // of login_duo's log

    private static readonly SafeFileHandle _out = new(1, ownsHandle: false);
    private static readonly SafeFileHandle _errors = new(2, ownsHandle: false);

    public static void Say(string latin1) => Write(_out, latin1);

    public static void Complain(string latin1) => Write(_errors, latin1 + "\n");

    /// <summary>-d: to standard error; else to the log of the host.</summary>
    public void Log(Priority priority, string latin1)
    {
        string line = Fit(latin1).Replace('\n', '?');
        line = line.Length > LongestLine ? line[..LongestLine] : line;
        if (toStderr)
        {
            Complain($"[{(int)priority}] {line}");
            return;
        }

        ToSyslog(priority, line);
    }

    /// <summary>As the programs of Duo write their lines: who, from where, and what about it, as far as that is known.</summary>
    public void Log(Priority priority, string message, string user, string? address, string? detail) => Log(
        priority,
        $"{message} for '{Printable.Of(user)}'"
            + (address is null ? "" : $" from {Printable.Of(address)}") + (detail is null ? "" : $": {detail}"));

    /// <summary>In the name of the program, facility user: what login_duo's lines are found by.</summary>
    public static void ToSyslog(Priority priority, string latin1) =>
        SysLog.syslog((int)priority, "%s\0"u8, Encoding.Latin1.GetBytes(latin1 + '\0'));

    /// <summary>Texts come from far away: none may move the cursor.</summary>
    public static string Fit(string latin1) => Encoding.Latin1.GetString(
        Encoding.UTF8.GetBytes(DuoText.Lines(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin1)))));

    private static void Write(SafeFileHandle file, string latin1)
    {
        ReadOnlySpan<byte> rest = Encoding.Latin1.GetBytes(latin1);
        while (!rest.IsEmpty)
        {
            nint wrote = Unistd.write(file, rest, rest.Length);
            if (wrote < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return;
            }

            rest = rest[(int)Math.Max(wrote, 0)..];
        }
    }
}
