using System.Runtime.InteropServices;

namespace Sallyport.Host.Interop;

/// <summary>syslog.h</summary>
internal static partial class SysLog
{
    public const int LOG_AUTHPRIV = 10 << 3;

    [LibraryImport("libc")]
    public static partial void syslog(int priority, ReadOnlySpan<byte> format, ReadOnlySpan<byte> text);
}
