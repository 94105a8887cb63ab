using System.Diagnostics;
using Sallyport.Server.Applications;

namespace Sallyport.Bench;

/// <summary>(c): from the start of the process to its first answer, and its memory while nothing happens.</summary>
internal static class StartUp
{
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
                if (round == options.Rounds - 1)
                {
                    await Task.Delay(options.Smoke ? TimeSpan.Zero : _idle);
                    memory = server.ResidentKiB / 1024.0;
                }
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }

        Console.WriteLine(FormattableString.Invariant(
            $"start to first answer: {string.Join(' ', seconds.Select(s => $"{s:F2}"))} s; idle: {memory:F1} MiB (load {Quantiles.Load()})"));
        return [new("start to first answer, s", seconds.Median(), 1.5), new("idle memory (RSS), MiB", memory, 120)];
    }
}
