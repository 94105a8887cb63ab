using System.Runtime.InteropServices;

namespace Sallyport.Host.Interop;

/// <summary>stdlib.h</summary>
internal static partial class Stdlib
{
    /// <summary>For libraries of C, which read their own; <see cref="Environment"/> may have read it before.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int unsetenv(ReadOnlySpan<byte> name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setenv(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int overwrite);

    /// <summary>The value with its NUL; null: there is none.</summary>
    public static unsafe byte[]? GetEnv(ReadOnlySpan<byte> name)
    {
        byte* value = getenv(name);
        return value is null ? null : [.. MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value), 0];
    }

    [LibraryImport("libc")]
    private static unsafe partial byte* getenv(ReadOnlySpan<byte> name);
}
