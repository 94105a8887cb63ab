using System.Diagnostics;
using System.Globalization;
using Sallyport.EndToEnd.Harness;
using Command = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>
/// A machine of this machine's release with systemd as its first process, an sshd, what ./dev install puts there, and a
/// wire to another machine, from where people log in.
/// It vanishes, with all that was changed in it, when it is disposed.
/// </summary>
internal sealed class BootedHost : IAsyncDisposable
{
    private static readonly string _script = Path.Combine(Built.Root, "eng", "booted-root.sh");

    private readonly Process _booted;
    private readonly DirectoryInfo _tree;

    private string _leader;

    private BootedHost(Process booted, DirectoryInfo tree, string leader)
    {
        _booted = booted;
        _tree = tree;
        _leader = leader;
    }

    /// <param name="release">Of the distribution, where it is not this machine's. A test that cannot have it is skipped.</param>
    public static async Task<BootedHost> StartAsync(string? release = null)
    {
        Built.RequireHostPrograms();
        Dictionary<string, string?> variables = release is null ? [] : new() { ["SALLYPORT_RELEASE"] = release };
        Command made = await Command.RunAsync(_script, ["make"], environment: variables, limit: TimeSpan.FromMinutes(10));
        Assert.SkipWhen(release is not null && made.ExitCode != 0, $"no root of {release} can be made here: {made.Error}");
        made.Succeeded();

        DirectoryInfo tree = Directory.CreateTempSubdirectory("sallyport-tree-");
        // It is laid over the machine's own /, which must not become closed by it.
        File.SetUnixFileMode(tree.FullName, (UnixFileMode)0b111_101_101);
        (await Command.RunAsync(Path.Combine(Built.Root, "dev"), ["install", $"DESTDIR={tree.FullName}"])).Succeeded();

        var start = new ProcessStartInfo(_script, ["boot", tree.FullName])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SALLYPORT_RELEASE"] = release ?? "";
        Process booted = Process.Start(start)!;
        string? leader = await booted.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        string errors = leader is null ? await booted.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "";
        Assert.True(leader is not null, errors);
        await Away.WireAsync(int.Parse(leader, CultureInfo.InvariantCulture));
        return new(booted, tree, leader);
    }

    /// <summary>Powers it off and boots it again, with its files as they are.</summary>
    public async Task RebootAsync()
    {
        await _booted.StandardInput.WriteLineAsync("reboot");
        await _booted.StandardInput.FlushAsync();
        string? leader = await _booted.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        string errors = leader is null ? await _booted.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "";
        Assert.True(leader is not null, errors);
        _leader = leader;
        await Away.WireAsync(int.Parse(leader, CultureInfo.InvariantCulture));
    }

    /// <summary>The words in front of a command of the machine's root.</summary>
    public string[] Enter => [_script, "run", _leader];

    /// <summary>Runs a line of shell as the machine's root.</summary>
    public Task<Command> ShellAsync(string line) => Command.RunAsync(_script, ["run", _leader, "/bin/bash", "-ec", line]);

    /// <summary>Runs a line of shell that has to succeed, and gives back what it printed.</summary>
    public async Task<string> SayAsync(string line) => (await ShellAsync(line)).Succeeded().Output.TrimEnd('\n');

    /// <summary>Waits until a line of shell succeeds.</summary>
    public async Task UntilAsync(string line)
    {
        long begun = Stopwatch.GetTimestamp();
        Command last;
        while ((last = await ShellAsync(line)).ExitCode != 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(20), $"still not: {line}\n{last}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _booted.StandardInput.Close();
        await _booted.WaitForExitAsync();
        _booted.Dispose();
        _tree.Delete(recursive: true);
    }
}
