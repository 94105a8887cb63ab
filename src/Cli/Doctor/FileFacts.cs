using System.Text;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>Owner, mode and type.</summary>
internal readonly record struct FileFacts(uint Uid, int Mode, int Type)
{
    public static bool TryRead(string path, out FileFacts facts, bool follow = false)
    {
        bool found = SysStat.statx(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(path + '\0'),
            follow ? 0 : Fcntl.AT_SYMLINK_NOFOLLOW, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) == 0;
        facts = new(stat.Uid, stat.Mode & 0xFFF, stat.Mode & SysStat.S_IFMT);
        return found;
    }
}
