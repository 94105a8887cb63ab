namespace Sallyport.Pam.Tests;

public sealed class Given_a_fuzzer
{
    private const string WhatToInstall = "install clang and libclang-rt-14-dev (./dev test does)";

    [Fact]
    public async Task No_bytes_of_an_agent_crash_the_shim_or_change_what_a_verdict_means()
    {
        Native.Output build = await Native.RunAsync("make", "-C", Native.Source, "fuzz-build");
        Assert.True(build.ExitCode == 0, $"{WhatToInstall}\n{build.Errors}");

        Native.Output fuzz = await Native.RunAsync("make", "-C", Native.Source, "fuzz", "SECONDS=60");

        // libFuzzer ends with "Test unit written to FILE".
        Assert.True(fuzz.ExitCode == 0, $"The reproducer is the test unit named at the end:\n{Tail(fuzz.Errors)}");
        Assert.Contains("stat::number_of_executed_units:", fuzz.Errors, StringComparison.Ordinal);
    }

    private static string Tail(string text) => text[Math.Max(0, text.Length - 6000)..];
}
