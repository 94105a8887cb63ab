using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Configuration;

/// <summary>
/// The configuration as it is on disk now: read anew when the file has changed, so that an edit holds for the next
/// login, and a bad edit refuses the next login.
/// </summary>
internal sealed class ConfigurationFile(string path)
{
    private const int LargestFile = 1 << 20;
    private const int ForeignBits = 0x3F; // group and others

    private readonly Lock _lock = new();
    private readonly byte[] _path = Encoding.UTF8.GetBytes(path + '\0');
    private SysStat.Statx _read;
    private HostConfiguration? _configuration;

    /// <exception cref="ConfigurationException">Missing, unreadable, of the wrong owner or mode, or wrong inside.</exception>
    public HostConfiguration Current()
    {
        lock (_lock)
        {
            if (SysStat.statx(Fcntl.AT_FDCWD, _path, 0, SysStat.STATX_BASIC_STATS, out SysStat.Statx now) != 0)
            {
                throw Failed();
            }

            if (_configuration is null || !Same(now, _read))
            {
                _configuration = null;
                _configuration = HostConfiguration.Parse(path, Read(out _read));
            }

            return _configuration;
        }
    }

    private string Read(out SysStat.Statx stat)
    {
        using SafeFileHandle file = Fcntl.openat(
            Fcntl.AT_FDCWD, _path, Fcntl.O_RDONLY | Fcntl.O_NONBLOCK | Fcntl.O_CLOEXEC, 0);
        if (file.IsInvalid
            || SysStat.statx(file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out stat) != 0)
        {
            throw Failed();
        }

        if ((stat.Mode & SysStat.S_IFMT) != SysStat.S_IFREG || stat.Size > LargestFile)
        {
            throw new ConfigurationException(path, 0, "not a regular file of at most 1 MiB");
        }

        if (stat.Uid != 0 && stat.Uid != Unistd.geteuid())
        {
            throw new ConfigurationException(path, 0, $"owned by uid {stat.Uid}; make it root's: chown root {path}");
        }

        if ((stat.Mode & ForeignBits) != 0)
        {
            throw new ConfigurationException(path, 0, $"others may read or write it; close it: chmod 0600 {path}");
        }

        using var stream = new FileStream(file, FileAccess.Read);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private ConfigurationException Failed() =>
        new(path, 0, $"cannot read it: {Unistd.StrError(Marshal.GetLastPInvokeError())}");

    private static bool Same(in SysStat.Statx a, in SysStat.Statx b) =>
        a.Inode == b.Inode && a.Size == b.Size && a.Mode == b.Mode && a.Uid == b.Uid
        && a.MtimeSeconds == b.MtimeSeconds && a.MtimeNanoseconds == b.MtimeNanoseconds;
}
