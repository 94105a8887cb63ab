using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Phone;

/// <summary>The file that has the phone's key: who can read it is the phone.</summary>
internal sealed class PhoneFile(string path)
{
    private const int OthersBits = 0x3F; // 0077
    private const uint FileMode = 0x180; // 0600
    private const uint FolderMode = 0x1C0; // 0700
    private const int Largest = 1 << 20; // a CA of a hundred certificates fits

    private readonly byte[] _name = Bytes(path);

    public string Path => path;

    /// <summary>~/.config/sallyport/phone.json; its folders are made where they are missing.</summary>
    /// <param name="toWrite">Else nothing is made.</param>
    /// <exception cref="IOException">There is no home, or others can enter the folder.</exception>
    public static PhoneFile Usual(bool toWrite)
    {
        string? home = Environment.GetEnvironmentVariable("HOME");
        if (home is not ['/', ..])
        {
            throw new PhoneException("nobody's home: HOME is not set. --file=FILE says where the phone's key is");
        }

        string folder = $"{home}/.config/sallyport";
        if (toWrite)
        {
            // That it is there already is as good, and what else is wrong is said by the next line.
            using SafeFileHandle parent = Fcntl.openat(
                Fcntl.AT_FDCWD, Bytes(home), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);
            _ = parent.IsInvalid ? -1 : SysStat.mkdirat(parent, ".config\0"u8, FolderMode);
            PrivateFolder.Open(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(folder))).Dispose();
        }

        return new PhoneFile($"{folder}/phone.json");
    }

    /// <exception cref="PhoneException">It cannot be used.</exception>
    public PhoneIdentity Read()
    {
        // O_NONBLOCK: opening a FIFO that nobody writes to would hang.
        using SafeFileHandle file = Fcntl.openat(Fcntl.AT_FDCWD, _name,
            Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        if (file.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            throw error == Errno.ENOENT
                ? new PhoneException(
                    $"{path} is not there: there is no phone yet. 'sallyport phone activate' makes one")
                : Failed(
                    error == Errno.ELOOP ? "it is a symbolic link, which is not followed" : Unistd.StrError(error));
        }

        byte[] content = new byte[SizeOf(file)];
        int done = 0;
        for (nint got = 1; got > 0 && done < content.Length; done += (int)Math.Max(got, 0))
        {
            got = Unistd.read(file, content.AsSpan(done), content.Length - done);
        }

        PhoneIdentity? phone = done == content.Length ? PhoneIdentity.Parse(content) : null;
        CryptographicOperations.ZeroMemory(content);
        return phone ?? throw Failed(
            "it is not what 'sallyport phone activate' writes. If one was broken off, delete the file and begin again");
    }

    /// <summary>Takes the name: no file is written over, and no code is used up for nothing.</summary>
    /// <exception cref="PhoneException">Something is there, or it cannot be made.</exception>
    public SafeFileHandle Reserve()
    {
        int flags = Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC;
        SafeFileHandle file = Fcntl.openat(Fcntl.AT_FDCWD, _name, flags, FileMode);
        if (!file.IsInvalid)
        {
            return file;
        }

        int error = Marshal.GetLastPInvokeError();
        file.Dispose();
        throw error == Errno.EEXIST
            ? new PhoneException($"{path} is there, and nothing is written over it. "
                + "'sallyport phone remove' takes that phone away; --file=FILE makes another one")
            : Failed(Unistd.StrError(error));
    }

    /// <summary>It is on disk when it returns.</summary>
    /// <exception cref="PhoneException">It is not all there.</exception>
    public void Write(SafeFileHandle reserved, byte[] content)
    {
        ReadOnlySpan<byte> rest = content;
        while (!rest.IsEmpty)
        {
            nint wrote = Unistd.write(reserved, rest, rest.Length);
            if (wrote < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw Failed(Unistd.StrError(Marshal.GetLastPInvokeError()));
            }

            rest = rest[(int)Math.Max(wrote, 0)..];
        }

        if (Unistd.fsync(reserved) != 0)
        {
            throw Failed(Unistd.StrError(Marshal.GetLastPInvokeError()));
        }

        CryptographicOperations.ZeroMemory(content);
    }

    /// <exception cref="PhoneException">It is still there.</exception>
    public void Delete()
    {
        if (Unistd.unlink(_name) != 0)
        {
            throw Failed(Unistd.StrError(Marshal.GetLastPInvokeError()));
        }
    }

    private int SizeOf(SafeFileHandle file)
    {
        if (SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) != 0)
        {
            throw Failed(Unistd.StrError(Marshal.GetLastPInvokeError()));
        }

        string? problem = (stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG ? "it is not a plain file"
            : stat.Uid != Unistd.geteuid() ? "it belongs to somebody else"
            : (stat.Mode & OthersBits) != 0
                ? "others may read or change it, and who has read it is this phone. chmod 600 it, then "
                    + "'sallyport phone remove', and activate another one"
            : stat.Size > Largest ? "it is too large"
            : null;
        return problem is null ? (int)stat.Size : throw Failed(problem);
    }

    private PhoneException Failed(string why) => new($"{path}: {why}");

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
