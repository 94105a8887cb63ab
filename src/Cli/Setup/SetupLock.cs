using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>One setup at a time. The kernel lets go of it when its holder ends, however he ends.</summary>
internal sealed class SetupLock : IDisposable
{
    private readonly SafeFileHandle _folder;

    private SetupLock(SafeFileHandle folder) => _folder = folder;

    /// <exception cref="IOException">Another one is running.</exception>
    public static SetupLock Take()
    {
        PrivateFolder.Open(System.IO.Path.GetDirectoryName(Journal.Folder)!).Dispose();
        SafeFileHandle folder = PrivateFolder.Open(Journal.Folder);
        if (SysFile.flock(folder, SysFile.LOCK_EX | SysFile.LOCK_NB) != 0)
        {
            folder.Dispose();
            throw new IOException("another sallyport setup is running");
        }

        return new SetupLock(folder);
    }

    public void Dispose() => _folder.Dispose();
}
