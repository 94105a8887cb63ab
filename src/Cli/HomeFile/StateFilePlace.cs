using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.HomeFile;

/// <summary>
/// The place of a state file: its folder, held open, and its name there. What lies there is looked at before a secret
/// is shown, so that nobody scans a code that then cannot be kept.
/// </summary>
internal sealed class StateFilePlace : IDisposable
{
    private readonly SafeFileHandle _folder;
    private readonly byte[] _name; // with the NUL that C wants

    private StateFilePlace(SafeFileHandle folder, byte[] name) => (_folder, _name) = (folder, name);

    /// <summary>The place, or null and why it cannot be one.</summary>
    public static StateFilePlace? Open(string path, out string? objection)
    {
        int slash = path.LastIndexOf('/');
        string parent = slash < 0 ? "." : slash == 0 ? "/" : path[..slash];
        string name = path[(slash + 1)..];
        if (path.Contains('\uFFFD', StringComparison.Ordinal))
        {
            objection = $"Failed to create \"{path}\" (its name is not UTF-8)";
            return null;
        }

        const int flags = Fcntl.O_RDONLY | Fcntl.O_CLOEXEC;
        SafeFileHandle folder = Fcntl.openat(Fcntl.AT_FDCWD, Bytes(parent), flags | Fcntl.O_DIRECTORY, 0);
        if (folder.IsInvalid && Marshal.GetLastPInvokeError() == Errno.EACCES)
        {
            // A folder that may be searched but not listed; only its sync needs more (DurableReplace).
            folder = Fcntl.openat(Fcntl.AT_FDCWD, Bytes(parent), flags | Fcntl.O_DIRECTORY | Fcntl.O_PATH, 0);
        }

        if (folder.IsInvalid)
        {
            objection = $"Failed to create \"{path}\" ({Unistd.StrError(Marshal.GetLastPInvokeError())})";
            folder.Dispose();
            return null;
        }

        StateFilePlace place = new(folder, Bytes(name));
        if ((name is "" or "." or ".." ? "Is a directory" : place.WhatIsInTheWay()) is string inTheWay)
        {
            objection = $"Failed to write new secret: \"{path}\": {inTheWay}";
        }
        else if (Unistd.faccessat(folder, "."u8, Unistd.W_OK | Unistd.X_OK, 0) != 0)
        {
            objection = $"Failed to create \"{path}\" ({Unistd.StrError(Marshal.GetLastPInvokeError())})";
        }
        else
        {
            objection = null;
            return place;
        }

        place.Dispose();
        return null;
    }

    /// <summary>
    /// Puts the new file there, on disk when it returns, or leaves the old one untouched (DurableReplace). Null, or
    /// what stood in the way.
    /// </summary>
    public string? Write(ReadOnlySpan<byte> content)
    {
        string? objection = null;
        int error = DurableReplace.Write(
            _folder, _name, content, () => (objection = WhatIsInTheWay()) is null, () => false,
            out string? step, out _);
        return error == 0 ? null
            : objection is not null ? $"Failed to write new secret: {objection}"
            : step == "sync"
                ? $"The new secret is in its place, but may not outlast a power cut: {Unistd.StrError(error)}"
            : $"Failed to write new secret: {Unistd.StrError(error)}";
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Only a plain file gives way. A link is not followed: it may lead to another's file.</summary>
    private string? WhatIsInTheWay()
    {
        const int flags = Fcntl.AT_SYMLINK_NOFOLLOW;
        if (SysStat.statx(_folder, _name, flags, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error == Errno.ENOENT ? null : Unistd.StrError(error);
        }

        return (stat.Mode & SysStat.S_IFMT) switch
        {
            SysStat.S_IFREG => null,
            SysStat.S_IFDIR => "Is a directory",
            SysStat.S_IFLNK => "It is a symbolic link, which is not followed",
            _ => "It is not a regular file",
        };
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
