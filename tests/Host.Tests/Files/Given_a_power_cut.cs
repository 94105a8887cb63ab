using System.Diagnostics;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;

namespace Sallyport.Host.Tests.Files;

/// <summary>
/// A disk as it is at the moment when a replacement is reported as done: an ext4 image is copied just then, and the copy
/// is mounted, which replays its journal as after a power cut.
/// </summary>
public sealed class Given_a_power_cut : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-disk-");

    private string Image => Path.Combine(_folder.FullName, "disk");

    private string Mounted => Path.Combine(_folder.FullName, "mounted");

    [Fact]
    public void What_was_reported_as_saved_is_there_whole()
    {
        Directory.CreateDirectory(Mounted);
        MakeLoopDevices();
        Run("truncate", "-s", "32M", Image);
        Run("mkfs.ext4", "-q", Image);
        Run("mount", "-o", "loop", Image, Mounted);
        File.WriteAllText(Path.Combine(Mounted, "state"), "before");
        Run("sync", "-f", Mounted);

        for (int round = 0; round < 20; round++)
        {
            string content = new((char)('a' + round), 160);
            Assert.Equal(0, Replace(content));
            Assert.Equal(content, AfterThePowerCut());
        }
    }

    public void Dispose()
    {
        using Process unmount = Process.Start("umount", [Mounted]);
        unmount.WaitForExit();
        _folder.Delete(recursive: true);
    }

    private int Replace(string content)
    {
        using SafeFileHandle folder = Fcntl.openat(
            Fcntl.AT_FDCWD, Encoding.UTF8.GetBytes(Mounted + '\0'), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0);
        return DurableReplace.Write(folder, "state\0"u8, Encoding.ASCII.GetBytes(content), () => true, out _);
    }

    private string AfterThePowerCut()
    {
        string copy = Image + ".copy";
        string mounted = Mounted + ".copy";
        Directory.CreateDirectory(mounted);

        // A copy takes a moment, in which the kernel may move blocks from the journal to their places; only a copy that
        // nothing was moved under is the disk of one moment.
        File.Copy(Image, copy, overwrite: true);
        while (!File.ReadAllBytes(Image).AsSpan().SequenceEqual(File.ReadAllBytes(copy)))
        {
            File.Copy(Image, copy, overwrite: true);
        }

        Run("mount", "-o", "loop", copy, mounted);
        try
        {
            return File.ReadAllText(Path.Combine(mounted, "state"));
        }
        finally
        {
            Run("umount", mounted);
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
