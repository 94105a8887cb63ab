using System.Diagnostics;
using System.Globalization;
using Sallyport.Server.Applications;
using Sallyport.Server.Hosting;

namespace Sallyport.Bench;

/// <summary>(e): backup, restore and check of a large installation on SQLite: how long, and how much memory.</summary>
internal static class Upkeep
{
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(20);

    public static async Task<List<Limit>> MeasureAsync(Options options)
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("sallyport-bench-");
        List<Limit> limits = [];
        try
        {
            int users = options.Users.Max();
            Site site = await Site.CreateAsync(root.FullName, null, users, new AddApplicationRequest("bench"));
            SettingsFile.Write(site.Folder, [new Setting("public-host", "127.0.0.1", "")]);
            string restored = Path.Combine(root.FullName, "restored");
            string file = Path.Combine(root.FullName, "backup");
            DataFolder.Open(restored);
            DataFolder.Open(Path.Combine(restored, "keys"));
            foreach (string key in Directory.EnumerateFiles(Path.Combine(site.Folder, "keys")))
            {
                File.Copy(key, Path.Combine(restored, "keys", Path.GetFileName(key)));
            }

            Console.WriteLine(FormattableString.Invariant($"{users} users, a device each (load {Quantiles.Load()})"));
            await RunAsync("backup", file, "--data", site.Folder);
            await RunAsync("restore", file, "--public-host", "127.0.0.1", "--data", restored);
            await RunAsync("check", "--data", restored);
        }
        finally
        {
            root.Delete(recursive: true);
        }

        return limits;

        async Task RunAsync(params string[] arguments)
        {
            long begin = Stopwatch.GetTimestamp();
            bool isLibrary = options.Program.EndsWith(".dll", StringComparison.Ordinal);
            using Process process = Process.Start(
                isLibrary ? "dotnet" : options.Program, isLibrary ? [options.Program, .. arguments] : arguments);
            double memory = 0;
            while (!process.HasExited)
            {
                memory = Math.Max(memory, PeakMiB(process.Id));
                await Task.Delay(_glance);
            }

            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{arguments[0]} ended with {process.ExitCode}");
            }

            Console.WriteLine(FormattableString.Invariant(
                $"{arguments[0],-8} {Stopwatch.GetElapsedTime(begin).TotalSeconds,8:F1} s {memory,8:F0} MiB"));
            limits.Add(new($"{arguments[0]}, peak memory, MiB", memory, 400));
        }
    }

    // 0: it has just ended.
    private static double PeakMiB(int pid)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/status")
                .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
                .Select(line => int.Parse(
                    line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))
                .FirstOrDefault() / 1024.0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
