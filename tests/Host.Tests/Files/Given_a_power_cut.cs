using System.Diagnostics;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Tests.Files;

/// <summary>
/// A disk as it is at the moment when a replacement is reported as done: the image is copied just then, and the copy is
/// mounted, which replays its journal as after a power cut.
/// </summary>
public sealed class Given_a_power_cut : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-disk-");

    private int _cuts;

    private string Image => Path.Combine(_folder.FullName, "disk");

    private string Mounted => Path.Combine(_folder.FullName, "mounted");

    public static TheoryData<string[]> FileSystems => new(["mkfs.ext4", "-q"], ["mkfs.xfs", "-q", "--unsupported"]);

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void What_was_reported_as_saved_is_there_whole(string[] makeFileSystem)
    {
        Mount(makeFileSystem);
        for (int round = 0; round < 10; round++)
        {
            string content = new((char)('a' + round), 160);
            using SafeFileHandle folder = OpenMounted();

            Assert.Equal(0, Replace(folder, content, maySyncLater: false, out SafeFileHandle? unsynced));
            Assert.Null(unsynced);
            Assert.Equal(content, AfterThePowerCut("state"));
        }
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void What_is_synced_later_is_the_old_or_the_new_whole_and_the_code_is_spent(string[] makeFileSystem)
    {
        Mount(makeFileSystem);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1_000_000_000);
        using SpentCodes codes = SpentCodes.Open(Mounted, now);
        string before = "before";
        for (int round = 0; round < 10; round++)
        {
            string content = new((char)('a' + round), 160);
            var code = new SpentCode(42, CodeKind.TimeStep, round);
            SpentCodes.Entry? entry = null;
            using SafeFileHandle folder = OpenMounted();

            Assert.Equal(0, DurableReplace.Write(folder, "state\0"u8, Encoding.ASCII.GetBytes(content), () => true,
                () => (entry = codes.TrySpend(code, now)) is not null, out _, out SafeFileHandle? unsynced));
            string found = AfterThePowerCut("state", copied =>
            {
                using SpentCodes copy = SpentCodes.Open(copied, now);
                Assert.True(copy.WasSpent(code, out _));
            });
            Assert.Contains(found, (string[])[before, content]);

            Assert.NotNull(unsynced);
            Assert.Equal(0, DurableReplace.Sync(folder, unsynced));
            unsynced.Dispose();
            entry!.Forget();
            Assert.Equal(content, AfterThePowerCut("state"));
            before = content;
        }
    }

    public void Dispose()
    {
        using Process unmount = Process.Start("umount", [Mounted]);
        unmount.WaitForExit();
        _folder.Delete(recursive: true);
    }

    private void Mount(string[] makeFileSystem)
    {
        Directory.CreateDirectory(Mounted);
        MakeLoopDevices();
        Run("truncate", "-s", "32M", Image);
        Run(makeFileSystem[0], [.. makeFileSystem[1..], Image]);
        Run("mount", "-o", "loop", Image, Mounted);
        File.WriteAllText(Path.Combine(Mounted, "state"), "before");
        Run("sync", "-f", Mounted);
    }

    private SafeFileHandle OpenMounted() => Fcntl.openat(
        Fcntl.AT_FDCWD, Encoding.UTF8.GetBytes(Mounted + '\0'), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0);

    private static int Replace(SafeFileHandle folder, string content, bool maySyncLater, out SafeFileHandle? unsynced) =>
        DurableReplace.Write(folder, "state\0"u8, Encoding.ASCII.GetBytes(content), () => true, () => maySyncLater, out _,
            out unsynced);

    private string AfterThePowerCut(string name, Action<string>? look = null)
    {
        // A name of its own: a loop device that still has the copy before this one would show that.
        string copy = $"{Image}.{_cuts++}";
        string mounted = Mounted + ".copy";
        Directory.CreateDirectory(mounted);

        // A copy takes a moment, in which the kernel may move blocks from the journal to their places; only a copy that
        // nothing was moved under is the disk of one moment.
        File.Copy(Image, copy, overwrite: true);
        while (!File.ReadAllBytes(Image).AsSpan().SequenceEqual(File.ReadAllBytes(copy)))
        {
            File.Copy(Image, copy, overwrite: true);
        }

        // XFS takes no second file system of the same UUID.
        bool xfs = File.ReadAllBytes(copy).AsSpan().StartsWith("XFSB"u8);
        Run("mount", "-o", xfs ? "loop,nouuid" : "loop", copy, mounted);
        try
        {
            look?.Invoke(mounted);
            return File.ReadAllText(Path.Combine(mounted, name));
        }
        finally
        {
            Run("umount", mounted);
            File.Delete(copy);
        }
    }

    /// <summary>A chroot's /dev seldom has them (numbers: Linux, admin-guide/devices.txt).</summary>
    private static void MakeLoopDevices()
    {
        if (File.Exists("/dev/loop-control"))
        {
            return;
        }

        Run("mknod", "-m", "600", "/dev/loop-control", "c", "10", "237");
        for (int i = 0; i < 32; i++)
        {
            Run("mknod", "-m", "600", $"/dev/loop{i}", "b", "7", $"{i}");
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} failed; ./dev test installs what it needs");
    }
}
