using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Cli.Moving;

/// <summary>
/// State files that have been taken over: backups, in a folder that only root can enter. In the home they would leave the
/// secret to its user.
/// </summary>
internal sealed class Retired : IDisposable
{
    private readonly SafeFileHandle _folder;
    private readonly string _path;

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public Retired(string stateDirectory) => _folder = PrivateFolder.Open(_path = stateDirectory + "/retired");

    /// <summary>Deletes what imports left behind that were killed: it holds secrets.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public void RemoveLeftovers()
    {
        // The name that DurableReplace gives a file before it is whole. Of an import that still runs it would be missed:
        // that one says so, and can be run again.
        foreach (string path in Directory.EnumerateFiles(_path, "*.google_authenticator~??????"))
        {
            File.Delete(path);
        }
    }

    /// <summary>0 or an errno; on disk when it returns.</summary>
    public int Keep(string user, StateFile file)
    {
        byte[] content = file.ToBytes();
        int error = DurableReplace.Write(_folder, Encoding.Latin1.GetBytes($"{user}.google_authenticator\0"), content,
            () => true, () => false, out _, out _);
        CryptographicOperations.ZeroMemory(content);
        return error;
    }

    /// <summary>0 or an errno; where there is none that is well.</summary>
    public int Remove(string user)
    {
        int error = Unistd.unlinkat(_folder, Encoding.Latin1.GetBytes($"{user}.google_authenticator\0"), 0) == 0 ? 0
            : System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        return error == Errno.ENOENT ? 0
            : error == 0 && Unistd.fsync(_folder) != 0 ? System.Runtime.InteropServices.Marshal.GetLastPInvokeError()
            : error;
    }

    public void Dispose() => _folder.Dispose();
}
