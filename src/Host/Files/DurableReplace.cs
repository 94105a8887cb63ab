using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Files;

/// <summary>
/// Puts new content in the place of a file: whole or not at all, and on disk when it returns or, where the caller has
/// seen to that, a little later.
/// The new file has mode 0400, unless another is asked for, whatever the old one had.
/// </summary>
internal static class DurableReplace
{
    private const uint Mode = 0x100; // 0400

    private static ReadOnlySpan<byte> Letters => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"u8;

    /// <summary>
    /// 0, or the errno of what failed, and <paramref name="step"/> says where. Then the old file is there, whole; but
    /// where only the last step, "sync", failed it is the new one, and a power cut decides which of the two stays.
    /// </summary>
    /// <param name="unchanged">Asked right before the new content takes its place: is the old one still what was read?</param>
    /// <param name="maySyncLater">
    /// Asked while the disk is busy with the content: is it no loss if a power cut brings the old file back? Then
    /// <paramref name="unsynced"/> is what <see cref="Sync"/> must still be called for.
    /// </param>
    public static int Write(
        SafeFileHandle folder, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, Func<bool> unchanged,
        Func<bool> maySyncLater, out string? step, out SafeFileHandle? unsynced, uint mode = Mode)
    {
        unsynced = null;
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
        SafeFileHandle file = Fcntl.openat(folder, temporary, flags | Fcntl.O_NOFOLLOW, Mode);
        if (file.IsInvalid)
        {
            step = "create";
            return Marshal.GetLastPInvokeError();
        }

        int error = Fill(file, content, maySyncLater, out bool later, out step);
        error = error == 0 && mode != Mode && SysStat.fchmod(file, mode) != 0 ? Marshal.GetLastPInvokeError() : error;
        error = error != 0 ? error : Place(folder, temporary, name, unchanged, out step);
        if (error != 0)
        {
            _ = Unistd.unlinkat(folder, temporary, 0);
        }
        else if (later)
        {
            unsynced = file;
            return 0;
        }
        else
        {
            step = "sync";
            error = Sync(folder, file);
        }

        file.Dispose();
        return error;
    }

    /// <summary>The name is on disk when it returns 0.</summary>
    public static int Sync(SafeFileHandle folder, SafeFileHandle file)
    {
        // A folder that was opened by O_PATH cannot be synced (EBADF), and some file systems sync no folder (EINVAL); the file's own sync is the next best.
        int error = SyncOne(folder);
        return error is Errno.EBADF or Errno.EINVAL ? SyncOne(file) : error;
    }

    private static int Fill(
        SafeFileHandle file, ReadOnlySpan<byte> content, Func<bool> maySyncLater, out bool later, out string? step)
    {
        step = "write";
        later = false;
        while (content.Length > 0)
        {
            nint wrote = Unistd.write(file, content, content.Length);
            if (wrote < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return Marshal.GetLastPInvokeError();
            }

            content = content[(int)Math.Max(wrote, 0)..];
        }

        // The new content is on disk before the name points to it. With a journal that takes no commit: once the data
        // has been written out, the extents that hold it are in the journal's current or an earlier transaction, and
        // whichever commit takes the rename takes them along. (Given_a_power_cut tries it.)
        bool journal = Journals.Order(file);
        if (journal && Unistd.sync_file_range(file, 0, 0, Unistd.SYNC_FILE_RANGE_WRITE) != 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        later = maySyncLater();
        bool written = journal
            ? Unistd.sync_file_range(file, 0, 0, Unistd.SYNC_FILE_RANGE_WRITE_AND_WAIT) == 0
            : Unistd.fsync(file) == 0;
        return written ? 0 : Marshal.GetLastPInvokeError();
    }

    private static int Place(
        SafeFileHandle folder, ReadOnlySpan<byte> temporary, ReadOnlySpan<byte> name, Func<bool> unchanged,
        out string? step)
    {
        step = "changed";
        if (!unchanged())
        {
            return Errno.EAGAIN;
        }

        step = "rename";
        return Stdio.renameat(folder, temporary, folder, name) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private static int SyncOne(SafeFileHandle handle) => Unistd.fsync(handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
