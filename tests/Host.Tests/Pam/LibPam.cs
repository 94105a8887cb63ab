using System.Runtime.InteropServices;

namespace Sallyport.Host.Tests.Pam;

/// <summary>The real libpam, on stacks in a folder of the test's own.</summary>
internal static unsafe partial class LibPam
{
    private const int PAM_CONV_ERR = 19;

    /// <summary>What pam_authenticate returns; 0 is success.</summary>
    public static int Authenticate(string service, string folder)
    {
        var conversation = new Conversation { Talk = &Refuse };
        int started = pam_start_confdir(service, "root", &conversation, folder, out nint handle);
        if (started != 0)
        {
            return started; // a file that cannot be read: nobody gets in
        }

        int result = pam_authenticate(handle, 0);
        Assert.Equal(0, pam_end(handle, result));
        return result;
    }

    [UnmanagedCallersOnly]
    private static int Refuse(int count, void* messages, void* answers, void* data) => PAM_CONV_ERR;

    [LibraryImport("libpam.so.0", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int pam_start_confdir(
        string service, string user, Conversation* conversation, string folder, out nint handle);

    [LibraryImport("libpam.so.0")]
    private static partial int pam_authenticate(nint handle, int flags);

    [LibraryImport("libpam.so.0")]
    private static partial int pam_end(nint handle, int status);

    [StructLayout(LayoutKind.Sequential)]
    private struct Conversation
    {
        public delegate* unmanaged<int, void*, void*, void*, int> Talk;
        public nint Data;
    }
}
