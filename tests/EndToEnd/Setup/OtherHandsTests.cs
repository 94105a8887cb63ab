using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>What others have done to the host, before setup, while it asks, and after it.</summary>
public sealed class Given_other_hands_on_the_host
{
    private const string Shared = "/etc/ssh/all_keys";

    /// <summary>A key file that is for everybody is never written to, and the host is left as it was.</summary>
    [Fact]
    public async Task A_key_file_that_is_everybodys_stays_as_it_is()
    {
        await using SetupHost host = await SetupHost.StartAsync(change: h =>
        {
            h.Sandbox.Write(Shared, h.Client.PublicKey + "\n");
            h.Sandbox.Write(SetupHost.Config, $"AuthorizedKeysFile {Shared}\n" + h.Sandbox.Read(SetupHost.Config));
        });
        Dictionary<string, string> before = host.Snapshot();
        string keys = host.Sandbox.Read(Shared);

        Outcome setup = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.NotEqual(0, setup.ExitCode);
        Assert.Equal(keys, host.Sandbox.Read(Shared));
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task A_closed_umask_keeps_nobody_from_trying_logins()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        Outcome setup = await host.Sandbox.TryAsync(
            "sh", "-c", "umask 077; yes | sallyport setup \"$1\"", "sh", SetupHost.BreakGlass);

        Assert.True(setup.ExitCode == 0, setup.ToString());
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task Root_owned_keys_stay_so_by_the_next_setup_and_no_key_of_a_probe_is_left()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-c", "cd /etc/ssh/authorized_keys.d; for name in alice bob; do cp /root/.ssh/id_ed25519.pub $name; done");

        await host.SetUpAsync("--root-owned-keys", "--bastion");
        string first = host.Sandbox.Read(SetupHost.DropIn);
        Login confirmed = await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode());
        Assert.True(confirmed.ExitCode == 0, confirmed.ToString());
        await host.SetUpAsync("--exempt=bob:2099-12-31:a robot");

        Assert.Contains("AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u\nAllowAgentForwarding no\nX11Forwarding no\nMatch all\n", first, StringComparison.Ordinal);
        Assert.Equal(first.Replace("Match User ops\n", "Match User ops,bob\n", StringComparison.Ordinal), host.Sandbox.Read(SetupHost.DropIn));
        Assert.Empty(Directory.GetFileSystemEntries(host.Sandbox.Outside("/etc/ssh/authorized_keys.d"), "sallyport-probe-*"));
        Assert.Empty(Directory.GetFiles(host.Sandbox.Outside("/var/lib/sallyport/setup"), "key-of-*"));
    }

    /// <summary>What is written while the question waits would else be gone for good, also after undo.</summary>
    [Fact]
    public async Task A_file_that_is_changed_while_it_asks_is_not_written_over()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        Outcome setup = await host.Sandbox.TryAsync("sh", "-c", """
            mkfifo /run/typed
            sallyport setup "$1" </run/typed >/run/shown 2>&1 & pid=$!
            exec 3>/run/typed
            until grep -q 'and try it' /run/shown; do [ -d /proc/$pid ] || break; sleep 0.02; done
            echo '# mine' >>/etc/pam.d/sshd
            yes >&3 & yes=$!
            wait $pid; code=$?
            kill $yes; cat /run/shown; exit $code
            """, "sh", SetupHost.BreakGlass);

        Assert.Equal(1, setup.ExitCode);
        Assert.Contains("/etc/pam.d/sshd was changed while you were asked", setup.Output, StringComparison.Ordinal);
        Assert.EndsWith("# mine\n", host.Sandbox.Read(SetupHost.Pam), StringComparison.Ordinal);
        Assert.False(host.Sandbox.Exists(SetupHost.DropIn));
        host.AssertNothingIsLeft();
    }

    /// <summary>Without the key the passcode must never be enough, also where somebody else has written in PAM's file since.</summary>
    [Fact]
    public async Task A_pam_file_that_was_changed_since_leaves_both_steps()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.SetUpAsync();
        host.Sandbox.Write(SetupHost.Pam, host.Sandbox.Read(SetupHost.Pam) + "# mine\n");
        Dictionary<string, string> during = host.Snapshot();

        Outcome undone = await host.SetupAsync("undo");
        Login keyless = await host.Client.RunAsync(
            Away.Ssh("-o", "PubkeyAuthentication=no", $"alice@{Away.Host}", "id -un"), host.Phone.Passcode(), host.Phone.Passcode());

        Assert.Contains(SetupHost.Pam, undone.Output, StringComparison.Ordinal);
        Assert.Equal(during, host.Snapshot());
        Assert.Equal(255, keyless.ExitCode);
        await host.AssertReachableAsync();
    }

    /// <summary>Killed between sshd's file and PAM's, and then no room: what needs none is taken back all the same.</summary>
    [Fact]
    public async Task A_full_disk_does_not_keep_a_killed_setup_from_going_back()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();
        await host.Sandbox.TryAsync("sh", "-c", """
            (yes | sallyport setup "$1" >/dev/null 2>&1) & until [ -e /etc/ssh/sshd_config.d/10-sallyport.conf ]; do :; done; pkill -KILL -x sallyport; wait
            mkdir /run/copy; cp -a /var/lib/sallyport/. /run/copy
            mount -t tmpfs -o size=1m,mode=700 tmpfs /var/lib/sallyport; cp -a /run/copy/. /var/lib/sallyport
            dd if=/dev/zero of=/var/lib/sallyport/full bs=4k 2>/dev/null
            """, "sh", SetupHost.BreakGlass);

        await host.SetupAsync("undo", "--unconfirmed");
        await host.Sandbox.RunAsync("umount", "/var/lib/sallyport");

        Assert.Equal(before[SetupHost.DropIn], host.Snapshot()[SetupHost.DropIn]);
        Assert.Equal(before[SetupHost.Pam], host.Snapshot()[SetupHost.Pam]);
        await host.AssertReachableAsync();
    }
}
