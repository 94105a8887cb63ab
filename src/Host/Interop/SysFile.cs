using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>sys/file.h</summary>
internal static partial class SysFile
{
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    /// <summary>Belongs to the open file: closing its last descriptor lets go of the lock (flock(2)).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(SafeFileHandle fd, int operation);
}
