using Sallyport.EndToEnd.Dev;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Setup;

/// <summary>setup on a booted Debian: units, reload, timer, and what a reboot finds.</summary>
public sealed class Given_a_booted_host : IAsyncLifetime
{
    private const string Setup = "yes | sallyport setup --break-glass=ops:2099-12-31:safe";

    private const string Files =
        "sha256sum /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* /etc/pam.d/sshd /etc/pam.d/sallyport-sshd /etc/sallyport/sallyport.conf 2>/dev/null || true; "
        + "stat -c '%n %a %U' /etc/ssh/sshd_config.d/* /etc/pam.d/sshd /etc/pam.d/sallyport-sshd /etc/sallyport/sallyport.conf 2>/dev/null || true";

    private BootedHost _host = null!;
    private Person _alice = null!;
    private string _before = "";

    public async ValueTask InitializeAsync()
    {
        _host = await BootedHost.StartAsync();
        _alice = await Person.AddAsync(_host, "alice");
        await Person.AddAsync(_host, "ops");
        await _alice.EnrolAsync();
        await _host.SayAsync("""
            echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
            sallyport import-ga --recovery-codes=/root/codes alice
            install -D -m 644 /root/.ssh/id_ed25519.pub /etc/ssh/authorized_keys.d/ops
            ssh -i /root/.ssh/id_ed25519 -o StrictHostKeyChecking=no ops@127.0.0.1 true
            """);
        _before = await _host.SayAsync(Files);
    }

    public ValueTask DisposeAsync() => _host is null ? ValueTask.CompletedTask : _host.DisposeAsync();

    [Fact]
    public async Task It_reloads_sshd_arms_its_units_and_a_new_connection_confirms_it()
    {
        string pid = await _host.SayAsync("systemctl show -P MainPID ssh");

        await _host.SayAsync(Setup);

        Assert.DoesNotContain("sshd-not-reloaded", await _host.SayAsync("sallyport doctor --json || true"), StringComparison.Ordinal);
        Assert.Equal(pid, await _host.SayAsync("systemctl show -P MainPID ssh"));
        Assert.Equal("active\nenabled\nenabled", await _host.SayAsync(
            "systemctl is-active sallyport-setup-undo.timer; systemctl is-enabled sallyport-setup-undo.timer sallyport-setup-boot.service"));
        Command confirmed = await _alice.SshAsync(await Person.PasscodeAsync(), "sudo sallyport setup confirm");
        Assert.True(confirmed.ExitCode == 0, $"{confirmed}\n{await JournalAsync()}");
        Assert.Equal("inactive\ndisabled\ndisabled", await _host.SayAsync(
            "systemctl is-active sallyport-setup-undo.timer || true; systemctl is-enabled sallyport-setup-undo.timer sallyport-setup-boot.service || true"));
        Assert.Contains("setup: confirmed", await _host.SayAsync("sallyport setup status"), StringComparison.Ordinal);
    }

    /// <summary>The server need not be there: setup's own accounts are not the server's to ask.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("--force-command")]
    public async Task With_duo_the_agent_gets_its_network_and_loses_it_again(string option)
    {
        const string network = "systemctl show -P PrivateNetwork sallyport-agent.service";
        const string folder = "ls /etc/systemd/system/sallyport-agent.service.d";
        await _host.SayAsync("""
            printf '[duo]\nikey = DIXXXXXXXXXXXXXXXXXX\nskey = 0123456789012345678901234567890123456789\nhost = 127.0.0.1:9\ngroups = people *,!ops\n' \
                >>/etc/sallyport/sallyport.conf
            """);
        string before = await _host.SayAsync(Files);
        Assert.Equal("yes", await _host.SayAsync(network));
        Assert.Contains("duo-network", await _host.SayAsync("sallyport doctor || true"), StringComparison.Ordinal);

        string said = (await _host.SayAsync($"{Setup} {option}")).ReplaceLineEndings(" ");

        Assert.Contains("127.0.0.1:9 of [duo]", said, StringComparison.Ordinal);
        Assert.Equal("no\nduo.conf", await _host.SayAsync($"{network}; {folder}"));
        Assert.DoesNotContain("sallyport-probe-", await _host.SayAsync("cat /etc/sallyport/sallyport.conf"), StringComparison.Ordinal);
        string doctor = await _host.SayAsync("sallyport doctor || true");
        Assert.Contains("duo-server", doctor, StringComparison.Ordinal);
        Assert.DoesNotContain("duo-network", doctor, StringComparison.Ordinal);
        await _host.SayAsync("sallyport setup undo");
        Assert.Equal("yes", await _host.SayAsync($"{network}; {folder}"));
        Assert.Equal(before, await _host.SayAsync(Files));
    }

    [Theory]
    [InlineData("/run/sallyport-setup/rehearsal/sshd.log")]
    [InlineData("/etc/ssh/sshd_config.d/10-sallyport.conf")]
    public async Task The_timer_takes_back_what_was_killed_within_half_a_minute_or_so(string begun)
    {
        _ = await _host.ShellAsync($$"""
            ({{Setup}} >/dev/null 2>&1) & until [ -e {{begun}} ]; do sleep 0.01; done; pkill -KILL -x sallyport
            """);
        Assert.Equal("half", await _host.SayAsync("[ -e /var/lib/sallyport/setup/journal ] && echo half"));

        for (int i = 0; i < 3 && (await _host.ShellAsync("[ ! -e /var/lib/sallyport/setup/journal ]")).ExitCode != 0; i++)
        {
            _ = await _host.ShellAsync("timeout 18 sh -c 'while [ -e /var/lib/sallyport/setup/journal ]; do sleep 0.2; done'");
        }

        Assert.Equal(_before, await _host.SayAsync(Files));
        Assert.Equal("none", await _host.SayAsync("grep sallyport-probe- /etc/passwd || echo none"));
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
    }

    [Fact]
    public async Task The_timer_takes_back_what_nobody_confirmed_and_alerts()
    {
        await _host.SayAsync(Setup);
        await _host.SayAsync("sed -i 's/\"Deadline\": [0-9]*/\"Deadline\": 1/' /var/lib/sallyport/setup/journal");

        await _host.SayAsync("systemctl start sallyport-setup-undo.service");

        Assert.Equal(_before, await _host.SayAsync(Files));
        Assert.Contains("setup taken back", await _host.SayAsync("journalctl -o cat -p alert -t sallyport"), StringComparison.Ordinal);
        Assert.Equal("inactive", await _host.SayAsync("systemctl is-active sallyport-setup-undo.timer || true"));
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
    }

    [Fact]
    public async Task A_reboot_before_it_is_confirmed_takes_it_back_before_sshd_starts()
    {
        await _host.SayAsync(Setup);
        Assert.NotEqual(_before, await _host.SayAsync(Files));

        await _host.RebootAsync();

        Assert.Equal(_before, await _host.SayAsync(Files));
        string order = await _host.SayAsync(
            "systemctl show -P ExecMainExitTimestampMonotonic sallyport-setup-boot.service; systemctl show -P ExecMainStartTimestampMonotonic ssh.service");
        long[] times = [.. order.Split('\n').Select(long.Parse)];
        Assert.True(times[0] > 0 && times[0] < times[1], order);
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
    }

    [Fact]
    public async Task A_reboot_in_the_middle_of_it_finds_a_host_that_is_whole()
    {
        _ = await _host.ShellAsync($$"""
            ({{Setup}} >/dev/null 2>&1) & until [ -e /etc/pam.d/sallyport-sshd ]; do sleep 0.01; done; pkill -KILL -x sallyport
            """);
        Assert.Equal("half", await _host.SayAsync("[ -e /var/lib/sallyport/setup/journal ] && echo half"));

        await _host.RebootAsync();

        Assert.Equal(_before, await _host.SayAsync(Files));
        Assert.Equal("none", await _host.SayAsync("grep sallyport-probe- /etc/passwd || echo none"));
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
    }

    [Fact]
    public async Task A_confirmed_setup_stays_over_a_reboot()
    {
        await _host.SayAsync(Setup);
        (await _alice.SshAsync(await Person.PasscodeAsync(), "sudo sallyport setup confirm")).Succeeded();
        string during = await _host.SayAsync(Files);

        await _host.RebootAsync();

        Assert.Equal(during, await _host.SayAsync(Files));
        Assert.NotEqual(0, (await _alice.SshAsync("000000")).ExitCode);
    }

    [Fact]
    public async Task An_agent_that_cannot_start_is_found_and_all_is_taken_back()
    {
        await _host.SayAsync("chmod 644 /usr/libexec/sallyport/sallyport-agent");

        Command refused = await _host.ShellAsync(Setup);

        Assert.Equal(1, refused.ExitCode);
        Assert.Equal(_before, await _host.SayAsync(Files));
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
    }

    [Fact]
    public async Task A_reload_that_systemd_refuses_leaves_a_way_in_and_the_timer_goes_on_later()
    {
        await _host.SayAsync("""
            mkdir -p /etc/systemd/system/ssh.service.d
            printf '[Service]\nExecReload=\nExecReload=/bin/false\n' >/etc/systemd/system/ssh.service.d/broken.conf
            systemctl daemon-reload
            """);
        Command refused = await _host.ShellAsync(Setup);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("cannot be reloaded", refused.Error, StringComparison.Ordinal);
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);

        await _host.SayAsync("rm /etc/systemd/system/ssh.service.d/broken.conf; systemctl daemon-reload; systemctl start sallyport-setup-undo.service");

        Assert.Equal(_before, await _host.SayAsync(Files));
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
    }

    [Fact]
    public async Task Systemd_finds_nothing_wrong_with_the_units()
    {
        Command verify = (await _host.ShellAsync(
            "systemd-analyze verify sallyport-setup-undo.timer sallyport-setup-undo.service sallyport-setup-boot.service 2>&1")).Succeeded();

        Assert.DoesNotContain("sallyport", verify.Output, StringComparison.Ordinal);
    }

    private Task<string> JournalAsync() => _host.SayAsync("journalctl -n 40 --no-pager");
}
