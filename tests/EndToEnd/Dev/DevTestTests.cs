namespace Sallyport.EndToEnd.Dev;

/// <summary>Runs ./dev test over suites that a stand-in for dotnet plays, so that each can end as badly as it likes.</summary>
public sealed class Given_suites_that_end_in_different_ways : IDisposable
{
    private readonly BareMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task It_runs_them_all_counts_a_crash_as_a_failure_and_closes_with_one_line()
    {
        Suites(
            ("Good", "printf 'Test run summary: Passed!\\n  total: 3\\n  failed: 0\\n  succeeded: 3\\n  skipped: 0\\n'"),
            ("Crashing", "exit 139"),
            ("Failing", "printf 'failed B_c (1ms)\\nTest run summary: Failed!\\n" +
                "  total: 40\\n  failed: 1\\n  succeeded: 37\\n  skipped: 2\\n'; exit 2"),
            ("Leaving", "printf 'Test run summary: Passed!\\n  total: 1\\n  failed: 0\\n  succeeded: 1\\n'; exit 3"));

        Command dev = await _machine.DevAsync("", "test");

        Assert.Equal(1, dev.ExitCode);
        Assert.Contains("failed tests/Crashing/Crashing.csproj ran no test (exit code 139)", dev.Output, StringComparison.Ordinal);
        Assert.Contains("failed tests/Leaving/Leaving.csproj ended with exit code 3", dev.Output, StringComparison.Ordinal);
        Assert.Contains("failed B_c (1ms)", dev.Output, StringComparison.Ordinal);
        (int passed, int failed, int skipped) = LastLine(dev);
        Assert.True(passed >= 41, $"{passed} passed");
        Assert.Equal(FailuresInLogs(), failed);
        Assert.Equal(2, skipped);
    }

    [Fact]
    public async Task It_fails_where_no_test_ran()
    {
        Suites(("Empty", "exit 0"));

        Command dev = await _machine.DevAsync("", "test");

        Assert.Equal(1, dev.ExitCode);
        Assert.Contains("failed tests/Empty/Empty.csproj ran no test (exit code 0)", dev.Output, StringComparison.Ordinal);
        Assert.True(LastLine(dev).Failed > 0);
    }

    private int FailuresInLogs() =>
        Directory.EnumerateFiles(Path.Combine(_machine.Root, "out", "logs"), "*.log")
            .SelectMany(File.ReadLines)
            .Count(l => l.StartsWith("failed ", StringComparison.Ordinal));

    private static (int Passed, int Failed, int Skipped) LastLine(Command dev)
    {
        string last = dev.Output.TrimEnd('\n').Split('\n')[^1];
        string[] words = last.Split(' ');
        Assert.Equal($"{words[0]} passed, {words[2]} failed, {words[4]} skipped", last);
        return (int.Parse(words[0], null), int.Parse(words[2], null), int.Parse(words[4], null));
    }

    private void Suites(params (string Name, string Body)[] suites)
    {
        _machine.Write("Sallyport.slnx", string.Concat(suites.Select(s => $"<Project Path=\"tests/{s.Name}/{s.Name}.csproj\" />\n")));
        string cases = string.Concat(suites.Select(s => $"*tests/{s.Name}/*) {s.Body} ;;\n"));
        _machine.AddProgram("dotnet", $"""
            case "$*" in
            --version) echo 10.0.100 ;;
            publish*) exit 1 ;;
            {cases}
            esac
            """);
    }
}
