using System.Diagnostics;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>The throw-away machine itself: what happens in it stays in it, and ends with it.</summary>
public sealed class SandboxTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_outside_changes()
    {
        string name = File.ReadAllText("/proc/sys/kernel/hostname");
        await using Sandbox sandbox = await Sandbox.StartAsync(Cancellation);

        await sandbox.RunAsync("useradd", "--create-home", "guest-of-the-sandbox");
        await sandbox.RunAsync("sh", "-c", "touch /etc/pam.d/sandboxed /usr/sandboxed /tmp/sandboxed; hostname other");
        await sandbox.RunAsync("mount", "-t", "tmpfs", "mounted-in-the-sandbox", "/mnt");

        Assert.True(sandbox.Exists("/etc/pam.d/sandboxed"));
        Assert.DoesNotContain("guest-of-the-sandbox", File.ReadAllText("/etc/passwd"), StringComparison.Ordinal);
        Assert.False(Directory.Exists("/home/guest-of-the-sandbox"));
        Assert.False(File.Exists("/etc/pam.d/sandboxed"));
        Assert.False(File.Exists("/usr/sandboxed"));
        Assert.False(File.Exists("/tmp/sandboxed"));
        Assert.DoesNotContain("in-the-sandbox", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Equal(name, File.ReadAllText("/proc/sys/kernel/hostname"));
    }

    [Theory]
    [InlineData("its standard input is closed")]
    [InlineData("its first process is killed")]
    public async Task Ends_with_all_that_runs_in_it_when(string end)
    {
        Sandbox sandbox = await Sandbox.StartAsync(Cancellation);
        string inside = PidNamespace($"/proc/{sandbox.Pid}")!;
        await sandbox.RunAsync("sh", "-c", "exec > /dev/null 2>&1; setsid -f sleep 600; nohup sleep 600 &");
        Assert.Equal(3, ProcessesIn(inside));

        if (end == "its first process is killed")
        {
            using Process first = Process.GetProcessById(sandbox.Pid);
            first.Kill();
            await Wait.UntilAsync(() => ProcessesIn(inside) == 0, "all have ended", Cancellation);
        }

        await sandbox.DisposeAsync();
        Assert.Equal(0, ProcessesIn(inside));
    }

    private static int ProcessesIn(string pidNamespace) =>
        Directory.EnumerateDirectories("/proc").Count(process => PidNamespace(process) == pidNamespace);

    private static string? PidNamespace(string process)
    {
        try
        {
            return new FileInfo(process + "/ns/pid").LinkTarget;
        }
        catch (IOException)
        {
            return null; // ended meanwhile
        }
    }
}
