using Sallyport.EndToEnd.Dev;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>The page on the account for the worst day, followed to the letter, and then the worst day.</summary>
public sealed class Given_a_host_with_a_break_glass_account : IAsyncLifetime
{
    private const string Passphrase = "correct horse";

    private readonly HowTo _page = HowTo.Read("break-glass.md");
    private BootedHost _host = null!;
    private Reader _reader = null!;
    private Person _alice = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await BootedHost.StartAsync();
        _reader = await Reader.AtAsync(_host);
        _alice = await _reader.AdministratorAsync("alice");
        await _alice.EnrolAsync();
        await _host.SayAsync("sallyport import-ga --recovery-codes=/root/codes alice");

        await _page.FollowAsync(_host, "Make the account");
        await _reader.TypeAsync(_page.Commands("Make a key of its own"),
            ("(empty for no passphrase): ", Passphrase), ("same passphrase again: ", Passphrase));
        await _host.SayAsync($"cd /root\n{_page.Commands("Put the key in place")}");
        string first = await _reader.TypeAsync(
            _page.Commands("Use it once"), ("Enter passphrase for key 'break-glass': ", Passphrase));
        Assert.Contains("uid=0(root)", first, StringComparison.Ordinal);
        await _reader.SetUpAsync(_page.Commands("Name it"));
        (await _alice.SshAsync(await Person.PasscodeAsync(), Reader.NewConnection)).Succeeded();
        // No passphrase from here on: each login then is one command.
        await _host.SayAsync($"ssh-keygen -q -p -P '{Passphrase}' -N '' -f /root/break-glass");
    }

    public ValueTask DisposeAsync() => _host is null ? ValueTask.CompletedTask : _host.DisposeAsync();

    [Fact]
    public async Task It_gets_in_by_its_key_alone_and_the_log_shouts_and_nobody_else_does()
    {
        Assert.Equal("-- No entries --", await _page.FollowAsync(_host, "Watch it"));

        await _reader.BreakGlassComesInAsync();

        Assert.Contains("BREAK-GLASS account ops is used", await _page.FollowAsync(_host, "Watch it"), StringComparison.Ordinal);
        Command alice = await _host.ShellAsync("ssh -o BatchMode=yes alice@host id -un");
        Assert.Equal((255, ""), (alice.ExitCode, alice.Output));
    }

    [Fact]
    public async Task It_takes_no_key_from_its_home()
    {
        await _host.SayAsync("install -D -m 600 -o ops -g ops /root/.ssh/id_ed25519.pub /home/ops/.ssh/authorized_keys");

        Command other = await _host.ShellAsync("ssh -i /root/.ssh/id_ed25519 -o IdentitiesOnly=yes -o BatchMode=yes ops@host id -un");

        Assert.Equal((255, ""), (other.ExitCode, other.Output));
    }

    [Fact]
    public async Task It_gets_in_with_every_factor_gone()
    {
        await _host.SayAsync("rm -r /var/lib/sallyport/totp");

        await _reader.BreakGlassComesInAsync();
    }

    [Theory]
    [InlineData("systemctl stop sallyport-agent.socket sallyport-agent.service")]
    [InlineData("systemctl stop sallyport-agent.service; mv /usr/libexec/sallyport /usr/libexec/gone")] // systemd tries, and gives up
    [InlineData("systemctl start sallyport-agent.service; systemctl kill --kill-whom=main --signal=STOP sallyport-agent.service")]
    public async Task It_gets_in_without_an_agent_and_nobody_else_does(string damage)
    {
        await _host.SayAsync(damage);

        await _reader.BreakGlassComesInAsync();

        Assert.Contains("BREAK-GLASS account ops is used while the agent does not answer, from " + Harness.Away.Address,
            await _page.FollowAsync(_host, "Watch it"), StringComparison.Ordinal);
        await _host.SayAsync("systemctl stop sallyport-agent.socket; systemctl kill --signal=KILL sallyport-agent.service || true");
        Command alice = await _alice.SshAsync(await Person.PasscodeAsync(), "id -un");
        Assert.NotEqual(0, alice.ExitCode);
        Assert.DoesNotContain("alice\n", alice.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_gets_in_with_a_configuration_that_is_broken_and_finds_out_where()
    {
        await _host.SayAsync("sed -i 's/^ask = all/aks = all/' /etc/sallyport/sallyport.conf");

        await _reader.BreakGlassComesInAsync();

        string seen = await _page.FollowAsync(_host, "On the day");
        Assert.Contains("configuration-broken", seen, StringComparison.Ordinal);
        Assert.Contains("unknown key 'aks'", seen, StringComparison.Ordinal);
        await _host.SayAsync("sed -i 's/^aks = all/ask = all/' /etc/sallyport/sallyport.conf");
        await _reader.BreakGlassComesInAsync();
        Assert.Contains("BREAK-GLASS account ops is used (key in the safe", await _page.FollowAsync(_host, "Watch it"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_old_key_out_of_its_envelope_a_new_one_is_put_in_its_place()
    {
        await _host.SayAsync($"cd /root; ssh-keygen -q -t ed25519 -N '' -f new\n{_page.Commands("After it was used")}");

        Assert.Equal(255, (await _reader.BreakGlassAsync()).ExitCode);
        await _host.SayAsync("cd /root; mv new break-glass; mv new.pub break-glass.pub");
        await _reader.BreakGlassComesInAsync();
    }
}
