using System.Globalization;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>What the fuzzers share.</summary>
internal static class Fuzzing
{
    /// <summary>How long each fuzzer runs: a minute, unless ./dev fuzz asks for longer.</summary>
    public static readonly int Seconds =
        int.Parse(Environment.GetEnvironmentVariable("SALLYPORT_FUZZ_SECONDS") ?? "60", CultureInfo.InvariantCulture);

    /// <summary>Runs it, and sees to it that what it allocates is in proportion to what it was given.</summary>
    public static T Bounded<T>(int inputBytes, Func<T> run)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        T result = run();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 65536 + (200L * inputBytes), $"{allocated} bytes for {inputBytes}");
        return result;
    }
}
