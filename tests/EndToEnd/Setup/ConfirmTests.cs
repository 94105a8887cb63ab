using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>A setup that is in place and waits: who can confirm it, and who cannot.</summary>
public sealed class Given_a_setup_that_waits : IAsyncLifetime
{
    private SetupHost _host = null!;
    private OpenLogin _before = null!;
    private Task<Login>? _ended;

    public async ValueTask InitializeAsync()
    {
        _host = await SetupHost.StartAsync();
        _host.Sandbox.Write("/etc/sudoers.d/others", "ALL ALL=(ALL) NOPASSWD: ALL\n", (UnixFileMode)0x120);
        _before = _host.Client.Open(Away.Ssh(
            $"alice@{Away.Host}", "touch /tmp/in; while [ ! -e /tmp/go ]; do sleep 0.05; done; sudo sallyport setup confirm"));
        await Wait.UntilAsync(() => _host.Sandbox.Exists("/tmp/in"), "alice is in", TestContext.Current.CancellationToken);
        await _host.SetUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _host.Sandbox.Write("/tmp/go", "");
        await (_ended ??= _before.EndAsync());
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_new_connection_with_both_steps_confirms()
    {
        Login confirmed = await ConfirmAsync("alice");

        Assert.True(confirmed.ExitCode == 0, confirmed.ToString());
        Assert.Contains("setup: confirmed", (await _host.SetupAsync("status")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _host.SetupAsync("undo", "--unconfirmed")).ExitCode);
        Assert.True(_host.Sandbox.Exists(SetupHost.DropIn));
    }

    [Fact]
    public async Task The_connection_that_was_there_before_does_not()
    {
        _host.Sandbox.Write("/tmp/go", "");

        Login refused = await (_ended ??= _before.EndAsync());

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("older than the new files", refused.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alice@127.0.0.1")]
    [InlineData("alice@::1")]
    [InlineData("alice@" + Away.Host)]
    [InlineData("-b", "127.0.0.5", "alice@" + Away.Host)]
    [InlineData("-b", "198.51.100.9", "alice@" + Away.Host)] // by a route, and on no interface
    public async Task One_that_comes_from_the_host_itself_does_not(params string[] ssh)
    {
        await _host.Sandbox.RunAsync("ip", "route", "add", "local", "198.51.100.0/24", "dev", "lo");

        Login refused = await _host.FromItselfAsync(ssh, "sudo sallyport setup confirm");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("comes from this host itself", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("log in from the machine you work on", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("sallyport setup confirm --from-this-host", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("setup: unconfirmed", (await _host.SetupAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_jumps_over_the_host_itself_does_not()
    {
        Login refused = await _host.Client.RunAsync(
            Away.Ssh("-J", $"ops@{Away.Host}", "alice@127.0.0.1", "sudo sallyport setup confirm"), _host.Phone.Passcode());

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("comes from this host itself (127.0.0.1)", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_comes_from_the_host_itself_does_where_that_is_said_and_the_log_says_so()
    {
        Login confirmed = await _host.FromItselfAsync(["alice@127.0.0.1"], "sudo sallyport setup confirm --from-this-host");

        Assert.True(confirmed.ExitCode == 0, confirmed.ToString());
        Assert.Contains("by alice from 127.0.0.1, which is this host itself (--from-this-host)",
            (await _host.Syslog.LineAsync("setup confirmed")).Text, StringComparison.Ordinal);
        Assert.Contains("setup: confirmed", (await _host.SetupAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_word_makes_nothing_else_of_a_connection_that_proves_nothing()
    {
        Login refused = await _host.SshAsync("ops", "sudo sallyport setup confirm --from-this-host");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("was not asked for a passcode", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_break_glass_account_does_not_because_it_is_not_asked()
    {
        Login refused = await _host.SshAsync("ops", "sudo sallyport setup confirm");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("was not asked for a passcode", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_on_the_host_does_not_whatever_its_environment_says()
    {
        Outcome refused = await _host.Sandbox.TryAsync("env", $"SSH_CONNECTION={Away.Address} 1 {Away.Host} 22", "sallyport", "setup", "confirm");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("no session of this host's sshd", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_a_new_connection_left_to_init_does_not()
    {
        Login login = await _host.SshAsync(
            "alice", "sudo setsid --fork sh -c 'sleep 0.3; sallyport setup confirm' >/tmp/out 2>&1 </dev/null", _host.Phone.Passcode());
        Assert.Equal(0, login.ExitCode);

        await Wait.UntilAsync(
            () => _host.Sandbox.Read("/tmp/out").Contains("no session of this host's sshd", StringComparison.Ordinal),
            "it is refused", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task After_a_reboot_it_is_too_late_and_the_unit_takes_it_back()
    {
        await _host.Sandbox.RunAsync("sed", "-i", "s/\"Boot\": \"./\"Boot\": \"x/", "/var/lib/sallyport/setup/journal");

        Login late = await ConfirmAsync("alice");
        Assert.Contains("too late", late.Errors, StringComparison.Ordinal);
        Outcome boot = await _host.SetupAsync("undo", "--unconfirmed");

        Assert.Contains("nobody confirmed it", boot.Output, StringComparison.Ordinal);
        Assert.False(_host.Sandbox.Exists(SetupHost.DropIn));
        LogLine alert = await _host.Syslog.LineAsync("setup taken back");
        Assert.Equal(1, alert.Severity);
        _host.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Before_its_deadline_the_timer_leaves_it_and_after_it_takes_it_back()
    {
        Assert.Equal(0, (await _host.SetupAsync("undo", "--unconfirmed")).ExitCode);
        Assert.True(_host.Sandbox.Exists(SetupHost.DropIn));

        await _host.Sandbox.RunAsync("sed", "-i", "s/\"Deadline\": [0-9]*/\"Deadline\": 1/", "/var/lib/sallyport/setup/journal");
        Assert.Equal(0, (await _host.SetupAsync("undo", "--unconfirmed")).ExitCode);

        Assert.False(_host.Sandbox.Exists(SetupHost.DropIn));
        await _host.AssertReachableAsync();
    }

    [Fact]
    public async Task Another_setup_is_refused_as_long_as_it_waits()
    {
        Outcome refused = await _host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("waits to be confirmed", refused.Errors, StringComparison.Ordinal);
    }

    private Task<Login> ConfirmAsync(string user) => _host.SshAsync(user, "sudo sallyport setup confirm", _host.Phone.Passcode());
}

/// <summary>setup --yes, as cloud-init runs it.</summary>
public sealed class Given_a_setup_that_asks_nothing
{
    [Fact]
    public async Task The_first_login_with_both_steps_confirms_it_and_break_glass_does_not()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Outcome done = await host.Sandbox.TryAsync("sallyport", "setup", "--yes", SetupHost.BreakGlass);
        Assert.True(done.ExitCode == 0, done.ToString());
        // The private sshd has tried ops, and that is no alarm.
        Assert.DoesNotContain(host.Syslog.Lines, line => line.Text.Contains("BREAK-GLASS account ops", StringComparison.Ordinal));

        Assert.Equal("ops", (await host.LoginAsync("ops")).Output);
        await host.SetupAsync("undo", "--unconfirmed");
        Assert.Contains("setup: unconfirmed", (await host.SetupAsync("status")).Output, StringComparison.Ordinal);

        Assert.Equal("alice", (await host.LoginAsync("alice", host.Phone.Passcode())).Output);
        await host.SetupAsync("undo", "--unconfirmed");
        Assert.Contains("setup: confirmed", (await host.SetupAsync("status")).Output, StringComparison.Ordinal);
        Assert.EndsWith($"alice from {Away.Address}", (await host.Syslog.LineAsync("setup confirmed")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_from_the_host_itself_does_not_and_at_its_deadline_it_is_undone()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        Assert.Equal(0, (await host.Sandbox.TryAsync("sallyport", "setup", "--yes", SetupHost.BreakGlass)).ExitCode);

        foreach (string address in (string[])["127.0.0.1", "::1", Away.Host])
        {
            Assert.Equal("alice", (await host.FromItselfAsync([$"alice@{address}"], "id -un")).Output);
            await host.SetupAsync("undo", "--unconfirmed");
            Assert.Contains("setup: unconfirmed", (await host.SetupAsync("status")).Output, StringComparison.Ordinal);
        }

        await host.Sandbox.RunAsync("sed", "-i", "s/\"Deadline\": [0-9]*/\"Deadline\": 1/", "/var/lib/sallyport/setup/journal");
        await host.SetupAsync("undo", "--unconfirmed");

        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        LogLine alert = await host.Syslog.LineAsync("setup taken back");
        Assert.Equal(1, alert.Severity);
        Assert.Contains("who logged in with both steps came from this host itself", alert.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_from_the_host_itself_does_where_setup_was_told_so()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Assert.Equal(0, (await host.Sandbox.TryAsync("sallyport", "setup", "--yes", "--from-this-host", SetupHost.BreakGlass)).ExitCode);

        Assert.Equal("alice", (await host.FromItselfAsync(["alice@127.0.0.1"], "id -un")).Output);
        await host.SetupAsync("undo", "--unconfirmed");

        Assert.Contains("setup: confirmed", (await host.SetupAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_break_glass_account_that_cannot_log_in_is_found_before_anything_is_changed()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("usermod", "--expiredate", "1", "ops");
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.Sandbox.TryAsync("sallyport", "setup", "--yes", SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("the break-glass account ops was not let in", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        Assert.Equal(1, (await host.Syslog.LineAsync("setup --yes: ")).Severity);
    }
}
