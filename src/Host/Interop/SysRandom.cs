using System.Runtime.InteropServices;

namespace Sallyport.Host.Interop;

/// <summary>
/// sys/random.h. RandomNumberGenerator asks OpenSSL, which the agent needs for nothing else and would keep in memory.
/// </summary>
internal static partial class SysRandom
{
    /// <exception cref="IOException">The kernel gives no randomness; up to 256 bytes it always does (getrandom(2)).</exception>
    public static void Fill(Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(buffer.Length, 256);
        if (getrandom(buffer, buffer.Length, 0) != buffer.Length)
        {
            throw new IOException("getrandom failed");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(Span<byte> buf, nint buflen, uint flags);
}
