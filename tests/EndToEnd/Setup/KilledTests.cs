using System.Security.Cryptography;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>
/// setup is killed at each step that changes the host. Right afterwards somebody can log in, the old way or the new one;
/// and what is run at boot and by the timer leaves each file byte by byte as it was. Classes run side by side.
/// </summary>
public abstract class KilledSetup
{
    // What changes a file's name or starts a program, on setup's own thread. strace counts each, so every step has a number.
    private protected const string Renames = "renameat";
    private protected const string Removals = "unlinkat";
    private protected const string Programs = "vfork";

    /// <param name="each">Of so many steps one, another in each run: all of them take a quarter of an hour.</param>
    private protected static async Task KilledAtAnyStepAsync(
        string calls, int each, Func<SetupHost, Task> mustBeReachable, params string[] options)
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        int step = 1 + RandomNumberGenerator.GetInt32(each);
        for (; ; step += each)
        {
            Outcome outcome = await host.InjectAsync($"signal=KILL:when={step}", calls, "", options);
            if (outcome.ExitCode == 0)
            {
                break;
            }

            await mustBeReachable(host);
            Outcome boot = await host.SetupAsync("undo", "--unconfirmed");
            Assert.True(boot.ExitCode == 0, $"step {step}: {boot}");
            Assert.Equal(before, host.Snapshot());
            host.AssertNothingIsLeft();
        }

        Assert.InRange(step - each, 10, 200); // the last that was killed
        await host.SetupAsync("undo");
        Assert.Equal(before, host.Snapshot());
    }
}

public sealed class Given_a_setup_that_is_killed_at_a_rename : KilledSetup
{
    [Fact]
    public Task The_host_stays_reachable_and_goes_back_whole() =>
        KilledAtAnyStepAsync(Renames, 1, host => host.AssertReachableAsync());
}

public sealed class Given_a_setup_that_is_killed_elsewhere : KilledSetup
{
    [Theory]
    [InlineData(Removals, 3)]
    [InlineData(Programs, 4)]
    public Task The_host_stays_reachable_and_goes_back_whole(string calls, int each) =>
        KilledAtAnyStepAsync(calls, each, host => host.AssertReachableAsync());
}

public sealed class Given_a_setup_by_ForceCommand_that_is_killed : KilledSetup
{
    /// <summary>By the key alone, or by key and DUO_PASSCODE; and break-glass at any step.</summary>
    [Fact]
    public Task The_host_stays_reachable_and_goes_back_whole() => KilledAtAnyStepAsync(Renames, 2, async host =>
    {
        host.ForgetPasscode();
        await host.Agent.KillAsync(); // as if half a minute had gone by since the last tries
        await host.Agent.StartAsync();
        Outcome alice = await host.Sandbox.TryAsync(["env", $"DUO_PASSCODE={host.Phone.Passcode()}",
            .. Away.Ssh("-o", "SendEnv=DUO_PASSCODE", "-o", "BatchMode=yes", $"alice@{Away.Host}", "id -un")]);
        Assert.True(alice is { ExitCode: 0, Output: "alice\n" }, $"alice is locked out: {alice}\n{host.Syslog}");
        Assert.Equal("ops", (await host.LoginAsync("ops")).Output);
    }, "--force-command");
}

public sealed class Given_an_undo_that_is_killed : KilledSetup
{
    [Theory]
    [InlineData(Renames)]
    [InlineData(Removals)]
    [InlineData(Programs)]
    public async Task It_goes_on_the_next_time(string calls)
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        for (int step = 1; ; step++)
        {
            await host.SetUpAsync();
            Outcome outcome = await host.InjectAsync($"signal=KILL:when={step}", calls, "undo");
            await host.AssertReachableAsync();
            await host.SetupAsync("undo");
            Assert.Equal(before, host.Snapshot());
            host.AssertNothingIsLeft();
            if (outcome.ExitCode == 0)
            {
                Assert.InRange(step, 4, 100);
                return;
            }
        }
    }
}
