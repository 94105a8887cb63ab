using Sallyport.EndToEnd.Dev;

namespace Sallyport.EndToEnd.Systemd;

/// <summary>The units as they are shipped, without the drop-in for home files.</summary>
public sealed class Given_the_shipped_units(Given_the_shipped_units.Booted booted) : IClassFixture<Given_the_shipped_units.Booted>
{
    private readonly BootedHost _host = booted.Host;

    [Fact]
    public async Task The_socket_listens_and_anybody_may_connect()
    {
        Assert.Equal("active", await _host.SayAsync("systemctl is-active sallyport-agent.socket"));
        Assert.Equal("srw-rw-rw- root", await _host.SayAsync("stat -c '%A %U' /run/sallyport/agent.sock"));
    }

    [Fact]
    public async Task Systemd_finds_nothing_wrong_with_the_units()
    {
        Command verify = (await _host.ShellAsync(
            "systemd-analyze verify sallyport-agent.socket sallyport-agent.service 2>&1")).Succeeded();

        Assert.DoesNotContain("sallyport", verify.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_passcode_from_a_home_file_is_refused_and_the_log_says_why()
    {
        Command login = await booted.Alice.SshAsync(await Person.PasscodeAsync());

        Assert.NotEqual(0, login.ExitCode);
        Assert.DoesNotContain("alice", login.Output, StringComparison.Ordinal);
        string journal = await _host.SayAsync("journalctl -o cat -t 'sshd(pam_google_auth)' -t sshd");
        Assert.Contains("sallyport-agent may not act as users", journal, StringComparison.Ordinal);
        Assert.Contains(
            "state files in homes are not served",
            await _host.SayAsync("journalctl -o cat -u sallyport-agent"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agent_holds_no_capability_and_cannot_get_one()
    {
        string status = await _host.SayAsync("systemctl start sallyport-agent; cat /proc/$(systemctl show -P MainPID sallyport-agent)/status");

        Assert.Contains("CapEff:\t0000000000000000", status, StringComparison.Ordinal);
        Assert.Contains("CapBnd:\t0000000000000000", status, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", status, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", status, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("touch /etc/passwd", "Read-only file system")]
    [InlineData("touch /usr/bin/x", "Read-only file system")]
    [InlineData("touch /var/x", "Read-only file system")]
    [InlineData("ls /home/alice", "No such file or directory|Permission denied")]
    [InlineData("ls /dev/mem", "No such file or directory")]
    public async Task In_the_agents_view_of_the_files_it_cannot(string command, string reason)
    {
        Command attempt = await _host.ShellAsync(
            $"systemctl start sallyport-agent; nsenter -m -t $(systemctl show -P MainPID sallyport-agent) -- {command}");

        Assert.NotEqual(0, attempt.ExitCode);
        Assert.Matches(reason, attempt.Error);
    }

    [Fact]
    public async Task The_agents_network_has_loopback_alone()
    {
        string links = await _host.SayAsync(
            "systemctl start sallyport-agent; tail -n +3 /proc/$(systemctl show -P MainPID sallyport-agent)/net/dev");

        Assert.StartsWith("lo:", links.Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', links);
        Assert.NotEqual(
            await _host.SayAsync("readlink /proc/1/ns/net"),
            await _host.SayAsync("readlink /proc/$(systemctl show -P MainPID sallyport-agent)/ns/net"));
    }

    public sealed class Booted : IAsyncLifetime
    {
        internal BootedHost Host { get; private set; } = null!;

        internal Person Alice { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = await BootedHost.StartAsync();
            Alice = await Person.AddAsync(Host, "alice");
            await Alice.EnrolAsync();
            HowTo howTo = HowTo.Read("key-and-passcode.md");
            await howTo.FollowAsync(Host, "The socket");
            await howTo.FollowAsync(Host, "PAM, where nothing asked for a passcode before");
            await howTo.FollowAsync(Host, "sshd");
        }

        public ValueTask DisposeAsync() => Host is null ? ValueTask.CompletedTask : Host.DisposeAsync();
    }
}
