using System.Runtime.InteropServices;

namespace Sallyport.Host.Interop;

/// <summary>sys/timex.h</summary>
internal static partial class SysTimex
{
    private const int TIME_ERROR = 5; // the clock is not synchronised
    private const int Bytes = 256; // struct timex is 208; with modes 0 nothing is set

    public static bool IsSynchronised()
    {
        Span<byte> timex = stackalloc byte[Bytes];
        timex.Clear();
        return adjtimex(timex) is >= 0 and not TIME_ERROR;
    }

    [LibraryImport("libc")]
    private static partial int adjtimex(Span<byte> buf);
}
