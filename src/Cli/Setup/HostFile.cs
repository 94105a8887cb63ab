using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Setup;

/// <summary>A file of the host as it is or shall be, byte by byte, with owner and mode. No content: no such file.</summary>
internal sealed record HostFile(string Path, byte[]? Content, uint Mode = 0x1A4 /* 0644 */, uint Uid = 0, uint Gid = 0)
{
    private const int Largest = 1 << 20;
    private const uint Permissions = 0xFFF; // 07777

    /// <summary>What a file is known by; "-" where there is none.</summary>
    public string Hash => Content is null ? "-" : Convert.ToHexStringLower(SHA256.HashData(Content));

    public string Text => Encoding.Latin1.GetString(Content ?? []);

    public HostFile With(string text) => this with { Content = Encoding.Latin1.GetBytes(text) };

    /// <exception cref="IOException">It cannot be read, or is no regular file: a link is not followed.</exception>
    public static HostFile Read(string path)
    {
        using SafeFileHandle file = Fcntl.openat(Fcntl.AT_FDCWD, Bytes(path),
            Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        if (file.IsInvalid && Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENOTDIR)
        {
            return new HostFile(path, null);
        }

        if (file.IsInvalid
            || SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) != 0)
        {
            throw Failed(path, "read");
        }

        if ((stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG || stat.Size > Largest)
        {
            throw new IOException($"{path} is not a regular file of at most 1 MiB");
        }

        using var stream = new FileStream(file, FileAccess.Read);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return new HostFile(path, content.ToArray(), stat.Mode & Permissions, stat.Uid, stat.Gid);
    }

    /// <summary>Makes the host so: whole or not at all, and on disk when it returns.</summary>
    /// <exception cref="IOException">It failed; what was there is there still.</exception>
    public void Put()
    {
        int slash = Path.LastIndexOf('/');
        string folder = Path[..slash];
        string name = Path[(slash + 1)..];
        if (Content is not null && !Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
        }

        using SafeFileHandle at = Fcntl.openat(
            Fcntl.AT_FDCWD, Bytes(folder), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_CLOEXEC, 0);
        if (at.IsInvalid)
        {
            throw Failed(folder, "open");
        }

        // One fixed name, which no Include matches: what a killed run left is found again.
        byte[] temporary = Bytes($".{name}.sallyport-setup");
        _ = Unistd.unlinkat(at, temporary, 0);
        if (Content is null)
        {
            if (Unistd.unlinkat(at, Bytes(name), 0) != 0 && Marshal.GetLastPInvokeError() != Errno.ENOENT)
            {
                throw Failed(Path, "remove");
            }
        }
        else
        {
            Fill(at, temporary);
            if (Stdio.renameat(at, temporary, at, Bytes(name)) != 0)
            {
                throw Abandoned(at, temporary, "replace");
            }
        }

        if (Unistd.fsync(at) != 0)
        {
            throw Failed(folder, "sync");
        }
    }

    private void Fill(SafeFileHandle at, byte[] temporary)
    {
        using SafeFileHandle file = Fcntl.openat(at, temporary,
            Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_NOFOLLOW | Fcntl.O_CLOEXEC, 0x180 /* 0600 */);
        if (file.IsInvalid)
        {
            throw Failed(Path, "write beside");
        }

        ReadOnlySpan<byte> rest = Content;
        while (!rest.IsEmpty)
        {
            nint wrote = Unistd.write(file, rest, rest.Length);
            if (wrote < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw Abandoned(at, temporary, "write");
            }

            rest = rest[(int)Math.Max(wrote, 0)..];
        }

        if (Unistd.fchown(file, Uid, Gid) != 0 || SysStat.fchmod(file, Mode) != 0 || Unistd.fsync(file) != 0)
        {
            throw Abandoned(at, temporary, "write");
        }
    }

    private IOException Abandoned(SafeFileHandle at, byte[] temporary, string what)
    {
        IOException failure = Failed(Path, what);
        _ = Unistd.unlinkat(at, temporary, 0);
        return failure;
    }

    private static IOException Failed(string path, string what) =>
        new($"cannot {what} {path}: {Unistd.StrError(Marshal.GetLastPInvokeError())}");

    private static byte[] Bytes(string path) => Encoding.Latin1.GetBytes(path + '\0');
}
