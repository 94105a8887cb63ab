using System.Runtime.InteropServices;

namespace Sallyport.Host.Interop;

/// <summary>stdlib.h</summary>
internal static partial class Stdlib
{
    /// <summary>For libraries of C, which read their own; <see cref="Environment"/> may have read it before.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int unsetenv(ReadOnlySpan<byte> name);
}
