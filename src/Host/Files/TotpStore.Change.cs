using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Files;

/// <summary>Enrolments: a whole new file takes a name, or a name goes. Each returns 0, or an errno.</summary>
internal sealed partial class TotpStore
{
    // No account's name begins with a dot.
    private const string LeftoverPrefix = ".new-";
    private const uint Mode = 0x180; // 0600

    /// <summary>Gives an account its first entry; EEXIST where it has one, and then nothing is changed.</summary>
    public int Enrol(string user, TotpEntry entry) => IsName(user) ? Put(user, entry, replace: false) : Errno.EINVAL;

    /// <summary>
    /// Puts an entry in the place of the one that is held. Where only the last step failed, the syncing of the folder,
    /// the new one is there already, and the first login that it allows makes good for that.
    /// </summary>
    public int Replace(TotpReading held, TotpEntry entry) => Put(held.User, entry, replace: true, held);

    /// <summary>Puts an entry in the place of one that cannot be read.</summary>
    public int ReplaceUnreadable(string user, TotpEntry entry) =>
        IsName(user) ? Put(user, entry, replace: true) : Errno.EINVAL;

    /// <summary>Takes the entry that is held away.</summary>
    public int Retire(TotpReading held)
    {
        if (Unistd.unlinkat(_folder, Bytes(held.User), 0) != 0)
        {
            return LastError();
        }

        held.SetGone();
        return SyncFolder();
    }

    /// <summary>
    /// The secret goes, and what stands in its place can never be proved: an account that is being taken away is refused
    /// from now on, also where policy lets in who has no entry. <see cref="Remove"/> ends it.
    /// </summary>
    public int Seal(string user) => IsName(user) ? Put(user, null, replace: true) : Errno.EINVAL;

    /// <summary>Takes away what stands under a name, readable or not; where there is nothing that is well.</summary>
    public int Remove(string user)
    {
        int error = !IsName(user) ? Errno.EINVAL : Unistd.unlinkat(_folder, Bytes(user), 0) == 0 ? 0 : LastError();
        return error is 0 or Errno.ENOENT ? SyncFolder() : error;
    }

    /// <summary>
    /// Deletes what enrolments left behind that did not come to their end: it holds secrets. One that is still being
    /// written is locked and stays; in the instant before it is, its enrolment fails.
    /// </summary>
    public void RemoveLeftovers()
    {
        foreach (string path in Directory.EnumerateFiles(_path, LeftoverPrefix + "*"))
        {
            byte[] name = Bytes(Path.GetFileName(path));
            using SafeFileHandle file = Fcntl.openat(
                _folder, name, Fcntl.O_RDWR | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
            if (!file.IsInvalid && Lock(file) == 0)
            {
                _ = Unistd.unlinkat(_folder, name, 0); // the next start tries again
            }
        }
    }

    private int Put(string user, TotpEntry? entry, bool replace, TotpReading? held = null)
    {
        byte[] temporary = Bytes(LeftoverPrefix + RandomLetters());
        using SafeFileHandle file = Fcntl.openat(_folder, temporary,
            Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, Mode);
        if (file.IsInvalid)
        {
            return LastError();
        }

        // Held from before it has its name until the name is on disk: what a login that finds it before uses up, a
        // power cut could take back with the name.
        int error = Lock(file);
        error = error == 0 && entry is not null ? Fill(file, entry) : error;
        if (error == 0)
        {
            uint flags = replace ? 0 : Stdio.RENAME_NOREPLACE;
            error = Stdio.renameat2(_folder, temporary, _folder, Bytes(user), flags) == 0 ? 0 : LastError();
        }

        if (error != 0)
        {
            _ = Unistd.unlinkat(_folder, temporary, 0);
            return error;
        }

        held?.SetGone();
        return SyncFolder();
    }

    private int SyncFolder() => Unistd.fsync(_folder) == 0 ? 0 : LastError();

    private static int Fill(SafeFileHandle file, TotpEntry entry)
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(TotpEntry.FileBytes, pinned: true);
        try
        {
            entry.WriteFile(content);
            for (int done = 0; done < content.Length;)
            {
                nint wrote = Unistd.pwrite(file, content.AsSpan(done), content.Length - done, done);
                int error = wrote < 0 ? LastError() : 0;
                if (error is not (0 or Errno.EINTR))
                {
                    return error;
                }

                done += (int)Math.Max(wrote, 0);
            }

            // The whole file is on disk before a name leads to it.
            return Unistd.fsync(file) == 0 ? 0 : LastError();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static string RandomLetters()
    {
        Span<byte> random = stackalloc byte[10];
        SysRandom.Fill(random);
        return Convert.ToHexStringLower(random);
    }
}
