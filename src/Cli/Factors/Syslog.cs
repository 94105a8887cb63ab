using System.Runtime.InteropServices;
using System.Text;

namespace Sallyport.Cli.Factors;

/// <summary>syslog(3): what root changes without an agent leaves a trace all the same.</summary>
internal static partial class Syslog
{
    private const int LOG_ALERT = 1;
    private const int LOG_NOTICE = 5;
    private const int LOG_AUTHPRIV = 10 << 3;

    public static void Notice(string text) => Write(LOG_NOTICE, text);

    public static void Alert(string text) => Write(LOG_ALERT, text);

    private static void Write(int priority, string text) =>
        syslog(LOG_AUTHPRIV | priority, "sallyport: %s\0"u8, Encoding.Latin1.GetBytes(text + '\0'));

    [LibraryImport("libc")]
    private static partial void syslog(int priority, ReadOnlySpan<byte> format, ReadOnlySpan<byte> text);
}
