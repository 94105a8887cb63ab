using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Files;

/// <summary>
/// Puts new content in the place of a file: whole or not at all, and on disk when it returns.
/// The new file has mode 0400, whatever the old one had.
/// </summary>
internal static class DurableReplace
{
    private const uint Mode = 0x100; // 0400

    private static ReadOnlySpan<byte> Letters => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"u8;

    /// <summary>
    /// 0, or the errno of what failed, and <paramref name="step"/> says where. Then the old file is there, whole; but
    /// where only the last step, "sync", failed it is the new one, and a power cut decides which of the two stays.
    /// </summary>
    public static int Write(
        SafeFileHandle folder, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, Func<bool> unchanged, out string? step)
    {
        // PATH~XXXXXX, the name that google-authenticator's own temporary files have.
        Span<byte> temporary = stackalloc byte[name.Length + 7];
        name[..^1].CopyTo(temporary);
        temporary[name.Length - 1] = (byte)'~';
        Span<byte> suffix = temporary.Slice(name.Length, 6);
        SysRandom.Fill(suffix);
        foreach (ref byte letter in suffix)
        {
            letter = Letters[letter % Letters.Length];
        }

        temporary[^1] = 0;

        const int flags = Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_CLOEXEC;
        using SafeFileHandle file = Fcntl.openat(folder, temporary, flags | Fcntl.O_NOFOLLOW, Mode);
        if (file.IsInvalid)
        {
            step = "create";
            return Marshal.GetLastPInvokeError();
        }

        int error = Fill(file, folder, temporary, name, content, unchanged, out step);
        if (error != 0)
        {
            _ = Unistd.unlinkat(folder, temporary, 0); // gone already where the rename was reached
        }

        return error;
    }

    private static int Fill(
        SafeFileHandle file, SafeFileHandle folder, ReadOnlySpan<byte> temporary, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> content, Func<bool> unchanged, out string? step)
    {
        step = "write";
        while (content.Length > 0)
        {
            nint wrote = Unistd.write(file, content, content.Length);
            if (wrote < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return Marshal.GetLastPInvokeError();
            }

            content = content[(int)Math.Max(wrote, 0)..];
        }

        // The new content is on disk before the name points to it, and the name is on disk before anybody is let in. A
        // journal commit is what that costs, and ext4 can do with one: once the data has been written out, the extents
        // that hold it are in the journal's current or an earlier transaction, and the commit of the rename, later
        // below, takes them along. Other file systems get both syncs. (Given_a_power_cut tries it.)
        bool ext4 = Unistd.FileSystemType(file) == Unistd.EXT4_SUPER_MAGIC;
        if ((ext4 ? Unistd.sync_file_range(file, 0, 0, Unistd.SYNC_FILE_RANGE_WRITE_AND_WAIT) : Unistd.fsync(file)) != 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        if (!unchanged())
        {
            step = "changed";
            return Errno.EAGAIN;
        }

        step = "rename";
        if (Stdio.renameat(folder, temporary, folder, name) != 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        // A folder that was opened by O_PATH cannot be synced (EBADF); the file's own sync is the next best.
        step = "sync";
        int error = Sync(folder);
        return error == Errno.EBADF ? Sync(file) : error;
    }

    private static int Sync(SafeFileHandle handle) => Unistd.fsync(handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
