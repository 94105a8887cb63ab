using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Server.Applications;

namespace Sallyport.Bench;

/// <summary>(c): from the start of the process to its first answer, and its memory while nothing happens.</summary>
internal static partial class StartUp
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(10);

    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        List<double> seconds = [];
        double memory = 0;
        try
        {
            Site site = await Site.CreateAsync(root.FullName, null, 1, new AddApplicationRequest("bench"));
            await (await ServerProcess.StartAsync(options, site)).DisposeAsync(); // makes the certificates
            for (int round = 0; round < options.Rounds; round++)
            {
                long begin = Stopwatch.GetTimestamp();
                await using ServerProcess server = await ServerProcess.StartAsync(options, site);
                seconds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
            }

            Forget(options.Program);
            await using ServerProcess idle = await ServerProcess.StartAsync(options, site);
            await Task.Delay(options.Smoke ? TimeSpan.Zero : _idle);
            memory = idle.ResidentKiB / 1024.0;
        }
        finally
        {
            root.Delete(recursive: true);
        }

        Console.WriteLine(FormattableString.Invariant(
            $"start to first answer: {string.Join(' ', seconds.Select(s => $"{s:F2}"))} s; idle: {memory:F1} MiB (load {Quantiles.Load()})"));
        return [new("start to first answer, s", seconds.Median(), 1.5), new("idle memory (RSS), MiB", memory, 120)];
    }

    /// <summary>
    /// So that it is read from the disk, as after a boot. Of a file that was just copied the kernel keeps large pieces in
    /// memory, and counts a whole one for each page of it that is used: 5 MiB more.
    /// </summary>
    private static void Forget(string program)
    {
        using SafeFileHandle file = File.OpenHandle(program);
        RandomAccess.FlushToDisk(file);
        if (Advise(file, 0, 0, DontNeed) is not 0 and int error)
        {
            throw new InvalidOperationException($"posix_fadvise: {error}");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
