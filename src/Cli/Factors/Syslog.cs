using System.Text;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Factors;

/// <summary>What root changes without an agent leaves a trace all the same.</summary>
internal static class Syslog
{
    public static void Notice(string text) => Write(Priority.Notice, text);

    public static void Alert(string text) => Write(Priority.Alert, text);

    private static void Write(Priority priority, string text) =>
        SysLog.syslog(SysLog.LOG_AUTHPRIV | (int)priority, "sallyport: %s\0"u8, Encoding.Latin1.GetBytes(text + '\0'));
}
