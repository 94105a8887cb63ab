using System.Runtime.InteropServices;

namespace Sallyport.Host.Interop;

/// <summary>signal.h</summary>
internal static partial class Signals
{
    private const int SIGPIPE = 13;
    private const int SIG_SETMASK = 2;
    private const int SetBytes = 128; // sizeof(sigset_t)

    /// <summary>
    /// As a program finds them that is started by sshd: the runtime ignores SIGPIPE, and execve(2) hands that on. Its own
    /// handlers end there by themselves, and what the caller had ignored stays ignored.
    /// </summary>
    public static void Restore()
    {
        _ = signal(SIGPIPE, 0 /* SIG_DFL */);
        Span<byte> none = stackalloc byte[SetBytes];
        none.Clear();
        _ = sigprocmask(SIG_SETMASK, none, 0);
    }

    [LibraryImport("libc")]
    private static partial nint signal(int signum, nint handler);

    [LibraryImport("libc")]
    private static partial int sigprocmask(int how, ReadOnlySpan<byte> set, nint oldset);
}
