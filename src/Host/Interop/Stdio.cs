using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>stdio.h</summary>
internal static partial class Stdio
{
    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(
        SafeFileHandle olddirfd, ReadOnlySpan<byte> oldpath, SafeFileHandle newdirfd, ReadOnlySpan<byte> newpath);
}
