using System.Runtime.InteropServices;

namespace Sallyport.Host.Tests.Agent;

/// <summary>System calls that only the tests need.</summary>
internal static partial class TestCalls
{
    private static readonly nint _setresuid = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chown(string path, uint owner, uint group);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkfifo(string path, uint mode);

    /// <summary>
    /// Runs on a thread of its own that is another user: the system call changes one thread, glibc's function all.
    /// </summary>
    public static T As<T>(uint uid, Func<T> action)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Assert.Equal(0, syscall(_setresuid, (nint)uid, (nint)uid, (nint)uid));
                result = action();
            }
#pragma warning disable CA1031 // carried to the test's own thread
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new AggregateException(failure);
    }

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint ruid, nint euid, nint suid);
}
