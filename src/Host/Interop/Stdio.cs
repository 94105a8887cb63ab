using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Interop;

/// <summary>stdio.h</summary>
internal static partial class Stdio
{
    /// <summary>renameat2 fails with EEXIST where the new name is taken (linux/fs.h).</summary>
    public const uint RENAME_NOREPLACE = 1;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(
        SafeFileHandle olddirfd, ReadOnlySpan<byte> oldpath, SafeFileHandle newdirfd, ReadOnlySpan<byte> newpath);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat2(
        SafeFileHandle olddirfd, ReadOnlySpan<byte> oldpath, SafeFileHandle newdirfd, ReadOnlySpan<byte> newpath,
        uint flags);
}
