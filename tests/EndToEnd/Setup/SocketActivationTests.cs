using Sallyport.EndToEnd.Dev;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Setup;

/// <summary>
/// setup on hosts where systemd holds sshd's port: with one sshd that it starts at the first connection, as Ubuntu has
/// it from 22.10 on, and with an sshd for each connection, as the units of Fedora and Amazon Linux have it ready.
/// </summary>
public sealed class Given_a_port_that_systemd_holds : IAsyncLifetime
{
    private const string OneForAll = """
        systemctl disable --quiet --now ssh.service
        systemctl enable --quiet --now ssh.socket
        """;

    private const string OneForEach = """
        systemctl disable --quiet --now ssh.service
        mkdir -p /etc/systemd/system/ssh.socket.d
        printf '[Socket]\nAccept=yes\n' >/etc/systemd/system/ssh.socket.d/each.conf
        printf '%s\n' '[Service]' 'ExecStart=-/usr/sbin/sshd -i' 'StandardInput=socket' 'RuntimeDirectory=sshd' \
            'RuntimeDirectoryPreserve=yes' >/etc/systemd/system/ssh@.service
        systemctl daemon-reload
        systemctl enable --quiet --now ssh.socket
        """;

    private const string OnAnotherPort = """
        systemctl disable --quiet --now ssh.service
        mkdir -p /etc/systemd/system/ssh.socket.d
        printf '[Socket]\nListenStream=\nListenStream=2222\n' >/etc/systemd/system/ssh.socket.d/port.conf
        systemctl daemon-reload
        systemctl enable --quiet --now ssh.socket
        """;

    private const string Setup = "yes | sallyport setup --break-glass=ops:2099-12-31:safe";

    private const string Files = "sha256sum /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* /etc/pam.d/sshd "
        + "2>/dev/null || true";

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
    }

    public ValueTask DisposeAsync() => _host is null ? ValueTask.CompletedTask : _host.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_one_sshd_for_all_a_new_connection_confirms_it_whether_sshd_runs_by_now_or_not(bool runs)
    {
        await HoldAsync(OneForAll);
        if (runs)
        {
            await _host.SayAsync("ssh -i /root/.ssh/id_ed25519 -o StrictHostKeyChecking=no ops@127.0.0.1 true");
        }

        await _host.SayAsync(Setup);

        Command confirmed = await _alice.SshAsync(await Person.PasscodeAsync(), "sudo sallyport setup confirm");
        Assert.True(confirmed.ExitCode == 0, $"{confirmed}");
        Assert.Contains("setup: confirmed", await _host.SayAsync("sallyport setup status"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await _alice.SshAsync("000000")).ExitCode);
    }

    [Theory]
    [InlineData(OneForEach, "an sshd for each connection")]
    [InlineData(OnAnotherPort, "listens on port 2222, where sshd's own files say 22")]
    public async Task What_setup_cannot_work_with_is_refused_with_the_way_out_and_nothing_is_changed(
        string units, string why)
    {
        await HoldAsync(units);

        Command refused = await _host.ShellAsync(Setup);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(why, refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.Contains("systemctl disable --now ssh.socket && systemctl enable --now ssh.service",
            refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.Equal(_before, await _host.SayAsync(Files));

        await _host.SayAsync("systemctl disable --now ssh.socket && systemctl enable --now ssh.service");
        await _host.SayAsync(Setup);
        Assert.Contains("setup: unconfirmed", await _host.SayAsync("sallyport setup status"), StringComparison.Ordinal);
    }

    private async Task HoldAsync(string units)
    {
        await _host.SayAsync(units);
        await _host.UntilAsync("[ $(systemctl is-active ssh.service) = inactive ]");
        _before = await _host.SayAsync(Files);
    }
}
