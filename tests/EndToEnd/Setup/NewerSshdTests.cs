using Sallyport.EndToEnd.Dev;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Setup;

/// <summary>setup on a booted Debian 13, whose OpenSSH 10 has a program of its own for a session, and no lastlog.</summary>
public sealed class Given_a_booted_Debian_13
{
    [Fact]
    public async Task Setup_leaves_the_files_of_the_page_is_confirmed_and_taken_back()
    {
        await using BootedHost host = await BootedHost.StartAsync("trixie");
        Assert.Contains("OpenSSH_10", await host.SayAsync("ssh -V 2>&1"), StringComparison.Ordinal);
        Person alice = await Person.AddAsync(host, "alice");
        await Person.AddAsync(host, "ops");
        await alice.EnrolAsync();
        await host.SayAsync("""
            echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
            sallyport import-ga --recovery-codes=/root/codes alice
            install -D -m 644 /root/.ssh/id_ed25519.pub /etc/ssh/authorized_keys.d/ops
            ssh -i /root/.ssh/id_ed25519 -o StrictHostKeyChecking=no ops@127.0.0.1 true
            """);
        string before = await host.SayAsync("cat /etc/pam.d/sshd");

        Command done = await host.ShellAsync("yes | sallyport setup --break-glass='ops:2099-12-31:sealed key in the safe'");

        Assert.True(done.ExitCode == 0, $"{done}\n{await host.SayAsync("journalctl -n 60 --no-pager")}");
        foreach ((string path, string content) in LayoutPage.Files("Debian 13"))
        {
            Assert.Equal($"{path}\n{content.TrimEnd('\n')}", $"{path}\n{await host.SayAsync($"cat {path}")}");
        }

        // After the probes that it refused, this sshd may be deaf to loopback for a while (PerSourcePenalties): 255, unasked.
        Command confirmed = await alice.SshAsync(await Person.PasscodeAsync(), "sudo sallyport setup confirm");
        for (int tries = 1; confirmed.ExitCode == 255 && tries < 10; tries++)
        {
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
            confirmed = await alice.SshAsync(await Person.PasscodeAsync(), "sudo sallyport setup confirm");
        }

        Assert.True(confirmed.ExitCode == 0, $"{confirmed}\n{await host.SayAsync("journalctl -n 60 --no-pager")}");
        await host.SayAsync("sallyport setup undo");
        Assert.Equal(before, await host.SayAsync("cat /etc/pam.d/sshd"));
        Assert.Equal("alice\n", (await alice.SshAsync("never asked")).Succeeded().Output);
    }
}
