using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>
/// The work that a refusal would have taken for the usual account, done where there is nothing to work on, so that the
/// time of a refusal does not tell who is enrolled: the search for a clock skew, and one durable write.
/// </summary>
internal sealed class Decoy : IDisposable
{
    private static readonly byte[] _name = "decoy\0"u8.ToArray();

    private readonly OtpSecret _secret = NewSecret();
    private readonly byte[] _content = new byte[160]; // about what a usual state file has
    private readonly SafeFileHandle _folder;

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public Decoy(string stateFolder)
    {
        _folder = Fcntl.openat(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(stateFolder + '\0'),
            Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);
        IDisposable? rest = null;
        int error = _folder.IsInvalid ? System.Runtime.InteropServices.Marshal.GetLastPInvokeError() : Write(out rest);
        rest?.Dispose();
        if (error != 0)
        {
            throw new IOException($"{stateFolder}: {Unistd.StrError(error)}");
        }
    }

    private static OtpSecret NewSecret()
    {
        Span<byte> key = stackalloc byte[20];
        SysRandom.Fill(key);
        return OtpSecret.FromBytes(key);
    }

    public void Search(long now) => _ = SkewSearch.Nearest(_secret, 0, new TimeStep(now / 30), 1499);

    /// <summary>0 or an errno.</summary>
    /// <param name="rest">What a login leaves until the verdict is out (HomeFile.Replace).</param>
    public int Write(out IDisposable rest)
    {
        SafeFileHandle old = Fcntl.openat(_folder, _name, Fcntl.O_PATH | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0);
        int error = DurableReplace.Write(
            _folder, _name, _content, () => true, () => true, out _, out SafeFileHandle? unsynced);
        rest = new Rest(_folder, old, unsynced);
        return error;
    }

    public void Dispose()
    {
        _secret.Dispose();
        _folder.Dispose();
    }

    private sealed class Rest(SafeFileHandle folder, SafeFileHandle old, SafeFileHandle? unsynced) : IDisposable
    {
        public void Dispose()
        {
            if (unsynced is not null)
            {
                _ = DurableReplace.Sync(folder, unsynced);
                unsynced.Dispose();
            }

            old.Dispose();
        }
    }
}
