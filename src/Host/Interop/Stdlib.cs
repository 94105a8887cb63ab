using System.Runtime.InteropServices;
using System.Text;

namespace Sallyport.Host.Interop;

/// <summary>stdlib.h, and environ of unistd.h</summary>
internal static partial class Stdlib
{
    /// <summary>For libraries of C, which read their own; <see cref="Environment"/> may have read it before.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int unsetenv(ReadOnlySpan<byte> name);

    /// <summary>The value; null: there is none.</summary>
    public static unsafe byte[]? GetEnv(ReadOnlySpan<byte> name)
    {
        byte* value = getenv(name);
        return value is null ? null : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value).ToArray();
    }

    /// <summary>The value, one char a byte; null: there is none.</summary>
    public static string? TextOf(ReadOnlySpan<byte> name) =>
        GetEnv(name) is byte[] value ? Encoding.Latin1.GetString(value) : null;

    /// <summary>The variable, which is gone afterwards: from the environment, and from where others can read it in /proc.</summary>
    public static unsafe string? TakeEnv(ReadOnlySpan<byte> name)
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

    /// <summary>
    /// Runs it while libraries of C find these variables in the environment. One pointer changes, and changes back, so
    /// another thread that reads meanwhile finds a whole environment; setenv(3) may free what it reads.
    /// </summary>
    public static unsafe void WithVariables((byte[] Name, byte[] Value)[] variables, Action run)
    {
        byte*** environ = (byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");
        byte** before = *environ;
        int count = 0;
        while (before is not null && before[count] is not null)
        {
            count++;
        }

        // Never freed: whoever has read a pointer may keep it. What comes first is found first.
        byte** changed = (byte**)NativeMemory.AllocZeroed((nuint)(variables.Length + count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < variables.Length; i++)
        {
            byte[] text = [.. variables[i].Name, (byte)'=', .. variables[i].Value, 0];
            changed[i] = (byte*)NativeMemory.Alloc((nuint)text.Length);
            text.CopyTo(new Span<byte>(changed[i], text.Length));
        }

        new ReadOnlySpan<nint>(before, count).CopyTo(new Span<nint>(changed + variables.Length, count));
        *environ = changed;
        try
        {
            run();
        }
        finally
        {
            *environ = before;
        }
    }

    [LibraryImport("libc")]
    private static unsafe partial byte* getenv(ReadOnlySpan<byte> name);
}
