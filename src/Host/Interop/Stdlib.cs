using System.Runtime.InteropServices;
using System.Text;

namespace Sallyport.Host.Interop;

/// <summary>stdlib.h</summary>
internal static unsafe partial class Stdlib
{
    /// <summary>For libraries of C, which read their own; <see cref="Environment"/> may have read it before.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int unsetenv(ReadOnlySpan<byte> name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setenv(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int overwrite);

    /// <summary>The value with its NUL; null: there is none.</summary>
    public static byte[]? GetEnv(ReadOnlySpan<byte> name)
    {
        byte* value = getenv(name);
        return value is null ? null : [.. MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value), 0];
    }

    /// <summary>The value, one char a byte; null: there is none.</summary>
    public static string? TextOf(ReadOnlySpan<byte> name) =>
        GetEnv(name) is byte[] value ? Encoding.Latin1.GetString(value.AsSpan(..^1)) : null;

    /// <summary>The variable, which is gone afterwards: from the environment, and from where others can read it in /proc.</summary>
    public static string? TakeEnv(ReadOnlySpan<byte> name)
    {
        string? taken = null;
        for (byte* value = getenv(name); value is not null; value = getenv(name))
        {
            var text = new Span<byte>(value, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value).Length);
            taken ??= Encoding.Latin1.GetString(text);
            text.Clear();
            if (unsetenv(name) != 0)
            {
                throw new IOException($"unsetenv: {Unistd.StrError(Marshal.GetLastPInvokeError())}");
            }
        }

        return taken;
    }

    [LibraryImport("libc")]
    private static partial byte* getenv(ReadOnlySpan<byte> name);
}
