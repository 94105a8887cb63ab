using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>termios.h, as glibc has it on x86-64 and arm64: four words of flags, the third of them local modes.</summary>
internal static partial class SysTermios
{
    /// <summary>More than sizeof(struct termios), which is 60.</summary>
    public const int Size = 128;

    public const int TCSANOW = 0;

    private const int LocalModes = 12;
    private const uint ECHO = 8;

    public static void ClearEcho(Span<byte> termios)
    {
        uint modes = MemoryMarshal.Read<uint>(termios[LocalModes..]);
        MemoryMarshal.Write(termios[LocalModes..], modes & ~ECHO);
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcgetattr(SafeFileHandle fd, Span<byte> termios);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcsetattr(SafeFileHandle fd, int actions, ReadOnlySpan<byte> termios);
}
