using System.Text;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>Owner, mode and type, and when it changed.</summary>
/// <param name="Changed">Its content, its name or its mode: no program can set this time back.</param>
internal readonly record struct FileFacts(uint Uid, int Mode, int Type, DateTimeOffset Written, DateTimeOffset Changed)
{
    private const int NanosecondsPerTick = 100;

    public static bool TryRead(string path, out FileFacts facts, bool follow = false)
    {
        bool found = SysStat.statx(Fcntl.AT_FDCWD, Encoding.Latin1.GetBytes(path + '\0'),
            follow ? 0 : Fcntl.AT_SYMLINK_NOFOLLOW, SysStat.STATX_BASIC_STATS, out SysStat.Statx stat) == 0;
        facts = new(stat.Uid, stat.Mode & 0xFFF, stat.Mode & SysStat.S_IFMT,
            At(stat.MtimeSeconds, stat.MtimeNanoseconds), At(stat.CtimeSeconds, stat.CtimeNanoseconds));
        return found;
    }

    private static DateTimeOffset At(long seconds, uint nanoseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / NanosecondsPerTick);
}
