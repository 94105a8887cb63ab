using Sallyport.EndToEnd.Dev;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>The how-to, followed to the letter on a machine that never asked for a passcode.</summary>
public sealed class Given_a_host_set_up_by_the_how_to : IAsyncLifetime
{
    private const string AgentPid = "$(systemctl show -P MainPID sallyport-agent)";

    private readonly HowTo _howTo = HowTo.Read("key-and-passcode.md");
    private BootedHost _host = null!;
    private Person _alice = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await BootedHost.StartAsync();
        _alice = await Person.AddAsync(_host, "alice");
        await _alice.EnrolAsync();
        await _howTo.FollowAsync(_host, "The socket");
        await _howTo.FollowAsync(_host, "Home files");
        await _howTo.FollowAsync(_host, "PAM, where nothing asked for a passcode before");
        await _howTo.FollowAsync(_host, "sshd");
        // A reload closes the port for a moment, and returns before that.
        await _host.UntilAsync("[ $(journalctl -o cat -t sshd | grep -c 'Server listening on 0.0.0.0') -ge 2 ]");
    }

    public ValueTask DisposeAsync() => _host is null ? ValueTask.CompletedTask : _host.DisposeAsync();

    [Fact]
    public async Task Key_and_passcode_let_in_and_the_first_login_starts_the_agent()
    {
        Assert.Equal("inactive", await _host.SayAsync("systemctl is-active sallyport-agent.service || true"));

        await LogsInAsync();

        Assert.Equal("active", await _host.SayAsync("systemctl is-active sallyport-agent.service"));
        Assert.Equal($"(alice@{Harness.Away.Host}) Verification code: ", await _host.SayAsync("cat /root/prompts"));
        Assert.Contains(
            "Accepted google_authenticator for alice",
            await _host.SayAsync("journalctl -o short -t 'sshd(pam_google_auth)'"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_passcode_is_refused()
    {
        Command login = await _alice.SshAsync("000000");

        Assert.NotEqual(0, login.ExitCode);
        Assert.DoesNotContain("alice\n", login.Output, StringComparison.Ordinal);
        Assert.Contains(
            "Invalid verification code for alice",
            await _host.SayAsync("journalctl -o cat -t 'sshd(pam_google_auth)'"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_without_a_state_file_is_refused()
    {
        Person bob = await Person.AddAsync(_host, "bob");

        Command login = await bob.SshAsync(await Person.PasscodeAsync());

        Assert.NotEqual(0, login.ExitCode);
        Assert.DoesNotContain("bob", login.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_killed_in_the_middle_of_a_login_refuses_it_and_the_next_login_works()
    {
        Task<Command> login = _alice.SshAndWaitAtThePromptAsync(await Person.PasscodeAsync());
        await _host.UntilAsync("grep -q Verification /root/prompts");
        await _host.SayAsync($"kill -KILL {AgentPid}; touch /root/go");

        Assert.NotEqual(0, (await login).ExitCode);
        await LogsInAsync();
    }

    [Fact]
    public async Task An_agent_killed_again_and_again_is_started_again_and_again()
    {
        for (int i = 0; i < 10; i++)
        {
            await LogsInAsync();
            await _host.SayAsync($"kill -KILL {AgentPid}");
        }

        await LogsInAsync();
    }

    [Fact]
    public async Task Stopping_waits_for_the_login_that_is_open()
    {
        Task<Command> login = _alice.SshAndWaitAtThePromptAsync(await Person.PasscodeAsync());
        await _host.UntilAsync("grep -q Verification /root/prompts");
        Task<string> stop = _host.SayAsync("systemctl stop sallyport-agent.service");
        await _host.UntilAsync("systemctl is-active sallyport-agent.service | grep -q deactivating");
        await _host.SayAsync("touch /root/go");

        Assert.Equal("alice\n", (await login).Succeeded().Output);
        await stop;
        Assert.Equal("success", await _host.SayAsync("systemctl show -P Result sallyport-agent.service"));
        await LogsInAsync();
    }

    [Fact]
    public async Task A_login_that_comes_while_it_stops_is_answered_by_the_next_agent()
    {
        Task<Command> login = _alice.SshAndWaitAtThePromptAsync(await Person.PasscodeAsync());
        await _host.UntilAsync("grep -q Verification /root/prompts");
        Task<string> stop = _host.SayAsync("systemctl stop sallyport-agent.service");
        await _host.UntilAsync("systemctl is-active sallyport-agent.service | grep -q deactivating");

        Task<Command> late = _alice.SshAsync(await Person.PasscodeAsync());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.False(late.IsCompleted);
        await _host.SayAsync("touch /root/go");

        Assert.Equal("alice\n", (await login).Succeeded().Output);
        await stop;
        Assert.Equal("alice\n", (await late).Succeeded().Output);
    }

    [Fact]
    public async Task A_broken_configuration_refuses_naming_file_and_line_and_a_mended_one_holds_at_once()
    {
        await _host.SayAsync("printf '[totp]\\nnullok = yes\\n' >>/etc/sallyport/sallyport.conf");
        Command refused = await _alice.SshAsync(await Person.PasscodeAsync());
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Matches(
            @"/etc/sallyport/sallyport\.conf:\d+: unknown key 'nullok'",
            await _host.SayAsync("journalctl -o cat -t 'sshd(pam_google_auth)'"));

        await _host.SayAsync("sed -i '/nullok/d' /etc/sallyport/sallyport.conf");
        await LogsInAsync();
    }

    [Fact]
    public async Task The_agent_acts_as_users_and_has_no_other_right()
    {
        await LogsInAsync();

        // CAP_SETGID and CAP_SETUID, bits 6 and 7 of linux/capability.h.
        Assert.Contains(
            "CapBnd:\t00000000000000c0",
            await _host.SayAsync($"cat /proc/{AgentPid}/status"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agent_keeps_no_TLS_library_in_memory()
    {
        await LogsInAsync();

        string mapped = await _host.SayAsync($"cat /proc/{AgentPid}/maps");
        Assert.Contains("libc.so.6", mapped, StringComparison.Ordinal);
        Assert.DoesNotContain("libcrypto", mapped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Going_back_leaves_the_key_alone()
    {
        await LogsInAsync();

        await _howTo.FollowAsync(_host, "Going back");

        await _host.SayAsync("rm /root/prompts");
        Assert.Equal("alice\n", (await _alice.SshAsync("never asked")).Succeeded().Output);
        Assert.Equal("no prompt", await _host.SayAsync("[ -e /root/prompts ] || echo no prompt"));
        Assert.Equal("inactive", await _host.SayAsync("systemctl is-active sallyport-agent.socket || true"));
    }

    [Fact]
    public async Task A_secret_is_moved_out_of_the_home_and_back()
    {
        HowTo moving = HowTo.Read("root-only-store.md");

        await moving.FollowAsync(_host, "Move");
        Assert.Equal("none", await _host.SayAsync("[ -e /home/alice/.google_authenticator ] || echo none"));
        Assert.Equal("root 600", await _host.SayAsync("stat -c '%U %a' /var/lib/sallyport/totp/alice"));
        await LogsInAsync();
        Assert.Matches("[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}", await moving.FollowAsync(_host, "New people"));

        await moving.FollowAsync(_host, "Going back");
        Assert.Equal("alice 400", await _host.SayAsync("stat -c '%U %a' /home/alice/.google_authenticator"));
        Assert.Matches("DISALLOW_REUSE [0-9]+", await _host.SayAsync("cat /home/alice/.google_authenticator"));
    }

    private async Task LogsInAsync()
    {
        Command login = await _alice.SshAsync(await Person.PasscodeAsync());
        Assert.True(login.ExitCode == 0, $"{login}\n{await _host.SayAsync("journalctl -n 30 --no-pager")}");
        Assert.Equal("alice\n", login.Output);
    }
}
