using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Files;

/// <summary>
/// Whether a file's data, once written out, needs no sync of its own before a rename: whichever commit of the journal
/// takes the rename then takes the file along (docs/decisions, 0002). ext4 and XFS keep to that; ext4 can be without
/// a journal, and ext2 has the same magic number.
/// </summary>
internal static class Journals
{
    private static readonly ConcurrentDictionary<(uint Major, uint Minor), bool> _ext4 = [];

    public static bool Order(SafeFileHandle file) => Unistd.FileSystemType(file) switch
    {
        Unistd.XFS_SUPER_MAGIC => true,
        Unistd.EXT4_SUPER_MAGIC => SysStat.statx(
            file, [0], Fcntl.AT_EMPTY_PATH, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) == 0
            && _ext4.GetOrAdd((stat.DevMajor, stat.DevMinor), HasJournal),
        _ => false,
    };

    /// <summary>Documentation/ABI/testing/sysfs-fs-ext4: the process that commits, or that there is none.</summary>
    private static bool HasJournal((uint Major, uint Minor) device)
    {
        try
        {
            string number = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{device.Major}:{device.Minor}");
            string? name = Path.GetFileName(new FileInfo(number).LinkTarget);
            return int.TryParse(File.ReadAllText($"/sys/fs/ext4/{name}/journal_task"), CultureInfo.InvariantCulture, out _);
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
