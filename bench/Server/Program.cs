using System.Runtime.InteropServices;
using Sallyport.Bench;

// bench/server.sh says what the words mean.
// Told to stop, it ends the servers; what waits for their answers then fails, and tidies up on its way out.
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
try
{
    return await RunAsync(Options.Parse(args));
}
#pragma warning disable CA1031 // Main: whatever it is, no server outlives it.
catch (Exception failure)
#pragma warning restore CA1031
{
    Console.Error.WriteLine($"bench: {failure}");
    return 1;
}
finally
{
    ServerProcess.KillAll();
}

static void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ServerProcess.KillAll();
}

static async Task<int> RunAsync(Options options)
{
    List<Limit> limits = [];
    if (options.Parts.Contains('a'))
    {
        limits.AddRange(await Acknowledgements.MeasureAsync(options));
    }

    if (options.Parts.Contains('c'))
    {
        limits.AddRange(await StartUp.MeasureAsync(options));
    }

    if (options.Parts.Contains('b') || options.Parts.Contains('d'))
    {
        limits.AddRange(await Logins.MeasureAsync(options));
    }

    if (options.Parts.Contains('e'))
    {
        limits.AddRange(await Upkeep.MeasureAsync(options));
    }

    if (options.Parts.Contains('p'))
    {
        limits.AddRange(await Pushes.MeasureAsync(options));
    }

    if (options.Parts.Contains('l'))
    {
        limits.AddRange(await HostPrograms.MeasureAsync(options));
    }

    Console.WriteLine();
    foreach (Limit limit in limits)
    {
        Console.WriteLine(limit);
    }

    return options.Smoke || limits.All(limit => limit.IsKept || limit.IsGoal) ? 0 : 1;
}
