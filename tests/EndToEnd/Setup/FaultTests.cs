using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>
/// Something fails under setup: somebody can log in, the old way or the new one, and each file is byte by byte as it was.
/// </summary>
public sealed class Given_a_setup_that_does_not_end_well
{
    [Fact]
    public async Task A_disk_that_is_full_at_any_write_leaves_all_as_it_was()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        for (int write = 1; ; write++)
        {
            Outcome outcome = await host.InjectAsync($"error=ENOSPC:when={write}", "fsync");
            if (outcome.ExitCode == 0)
            {
                Assert.InRange(write, 10, 100);
                return;
            }

            await host.AssertReachableAsync();
            await host.SetupAsync("undo", "--unconfirmed");
            Assert.Equal(before, host.Snapshot());
            host.AssertNothingIsLeft();
        }
    }

    [Fact]
    public async Task A_state_directory_without_room_refuses_before_anything_is_changed()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        Directory.CreateDirectory(host.Sandbox.Outside("/var/lib/sallyport/setup"));
        await host.Sandbox.RunAsync("mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "full", "/var/lib/sallyport/setup");

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("No space left", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task Files_that_sshd_does_not_take_are_taken_back()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        host.Sandbox.Write("/etc/ssh/sshd_config.d/90-broken.conf", "Nonsense yes\n");
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Nonsense", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task A_reload_that_fails_leaves_the_old_way()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        host.Sandbox.Write("/usr/local/kill", "#!/bin/sh\necho no such luck >&2\nexit 1\n", (UnixFileMode)0x1ED);
        await host.Sandbox.RunAsync("mount", "--bind", "/usr/local/kill", "/usr/bin/kill");

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("cannot be reloaded: no such luck", refused.Errors, StringComparison.Ordinal);
        await host.AssertReachableAsync();
        await host.Sandbox.RunAsync("umount", "/usr/bin/kill");
        Assert.Equal(0, (await host.SetupAsync("undo")).ExitCode);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
    }

    /// <summary>When the logins were tried sshd is reloaded once more, to forget the accounts that tried them.</summary>
    [Fact]
    public async Task A_last_reload_that_fails_takes_all_back()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        await host.Sandbox.RunAsync("cp", "/usr/bin/kill", "/usr/local/real-kill");
        host.Sandbox.Write("/usr/local/kill", """
            #!/bin/sh
            echo . >>/run/reloads
            [ $(wc -l </run/reloads) -ne 2 ] || { echo no such luck >&2; exit 1; }
            exec /usr/local/real-kill "$@"

            """, (UnixFileMode)0x1ED);
        await host.Sandbox.RunAsync("mount", "--bind", "/usr/local/kill", "/usr/bin/kill");

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("real logins over loopback", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("cannot be reloaded: no such luck", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("everything is as it was before setup", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        await host.AssertReachableAsync();
    }

    [Theory]
    [InlineData("kill -KILL $(cat /run/sallyport-agent.pid)", "socket-silent (/run/sallyport/agent.sock): nobody listens")]
    [InlineData("cd $(dirname $(find /usr/lib* -name pam_sallyport.so)); cp pam_deny.so pam_sallyport.so", "was not let in")] // only a login shows it
    public async Task What_would_let_nobody_in_is_seen(string done, string why)
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        await host.Sandbox.RunAsync("sh", "-ec", done);

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task What_somebody_else_has_changed_since_is_left_and_said()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        await host.SetUpAsync();
        host.Sandbox.Write(SetupHost.DropIn, host.Sandbox.Read(SetupHost.DropIn) + "# mine\n");

        Outcome undone = await host.SetupAsync("undo");

        Assert.Contains($"changed by somebody else since, and what goes with it: ", undone.Output, StringComparison.Ordinal);
        Assert.Contains(SetupHost.DropIn, undone.Output, StringComparison.Ordinal);
        Assert.EndsWith("# mine\n", host.Sandbox.Read(SetupHost.DropIn), StringComparison.Ordinal);
        // sshd asks for two steps by that file, so PAM can ask for the second still.
        Assert.NotEqual(before[SetupHost.Pam], host.Snapshot()[SetupHost.Pam]);
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task A_backup_that_is_damaged_is_not_put_in_place()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.SetUpAsync();
        Dictionary<string, string> during = host.Snapshot();
        foreach (string backup in Directory.GetFiles(host.Sandbox.Outside("/var/lib/sallyport/setup"), "before.*"))
        {
            File.WriteAllText(backup, "");
        }

        Outcome stuck = await host.SetupAsync("undo");

        Assert.Equal(1, stuck.ExitCode);
        Assert.Contains("is not what was kept of", stuck.Errors, StringComparison.Ordinal);
        Assert.Equal(during[SetupHost.Pam], host.Snapshot()[SetupHost.Pam]);
        await host.AssertReachableAsync();
    }
}
