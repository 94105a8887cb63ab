using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>sys/ioctl.h; the numbers are the same on x86-64 and arm64.</summary>
internal static partial class SysIoctl
{
    public const nuint TIOCGWINSZ = 0x5413;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeFileHandle fd, nuint request, out Winsize size);

    /// <summary>struct winsize: zeros where a terminal was never told its size.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Winsize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort WidthPixels;
        public ushort HeightPixels;
    }
}
