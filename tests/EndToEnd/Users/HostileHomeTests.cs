using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Users;

/// <summary>The home is its user's, and he has prepared it for root's coming.</summary>
public sealed class HostileHomeTests
{
    [Theory]
    [InlineData("ln -s /etc ~/.ssh", "symbolic link")]
    [InlineData("ln -s /home/bob/.ssh ~/.ssh", "symbolic link")]
    [InlineData("mkdir -m 700 ~/.ssh; ln -s /root/.ssh/authorized_keys ~/.ssh/authorized_keys", "symbolic link")]
    [InlineData("mkdir -m 700 ~/.ssh; ln -s /etc/cron.d/x ~/.ssh/authorized_keys", "symbolic link")]
    [InlineData("mkdir -m 700 ~/.ssh; mkfifo ~/.ssh/authorized_keys", "no regular file")]
    [InlineData("mkdir -m 700 ~/.ssh; mkdir ~/.ssh/authorized_keys", "no regular file")]
    [InlineData("mkdir -m 700 ~/.ssh; truncate -s 2M ~/.ssh/authorized_keys", "too large")]
    [InlineData("touch ~/.ssh", "no folder")]
    [InlineData("chmod 500 ~", "Permission denied")]
    [InlineData("mkdir -m 500 ~/.ssh", "Permission denied")]
    public async Task What_is_no_place_for_a_key_gets_none_and_nothing_else_is_written(string prepared, string said)
    {
        await using UsersHost host = await StartAsync(prepared);
        string[] look = ["sh", "-c", "ls -lAR --time-style=full-iso /home /etc/cron.d /etc/ssh /var/lib/sallyport; ls -lA --time-style=full-iso /etc /root/.ssh"];
        string before = await host.Sandbox.RunAsync(look);

        Outcome outcome = await host.UserAsync("add", "alice", "--key", host.Key, "--existing");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(said, outcome.Errors, StringComparison.Ordinal);
        Assert.Equal("", outcome.Output);
        Assert.Equal(before, await host.Sandbox.RunAsync(look));
    }

    [Fact]
    public async Task A_hard_link_to_another_file_of_his_is_not_written_through()
    {
        await using UsersHost host = await StartAsync(
            "mkdir -m 700 ~/.ssh; echo '# mine' > ~/other; ln ~/other ~/.ssh/authorized_keys");

        await host.DoesAsync("add", "alice", "--key", host.Key, "--existing");

        Assert.Equal("# mine\n", host.Sandbox.Read("/home/alice/other"));
        Assert.Equal("# mine\n" + host.Key + "\n", host.Sandbox.Read("/home/alice/.ssh/authorized_keys"));
    }

    [Fact]
    public async Task What_another_one_owns_in_his_home_is_not_touched()
    {
        await using UsersHost host = await StartAsync("true");
        await host.ShAsync("install -d -m 777 -o bob -g bob /home/alice/.ssh");

        Outcome outcome = await host.UserAsync("add", "alice", "--key", host.Key, "--existing");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("and not to alice", outcome.Errors, StringComparison.Ordinal);
        Assert.Equal("", await host.ShAsync("ls -A /home/alice/.ssh"));
    }

    [Theory]
    [InlineData("ssh-ed25519 AAAA cut", "no newline at the end")]
    [InlineData("# only a comment", "")]
    public async Task A_last_line_without_an_end_does_not_run_into_the_key(string last, string _)
    {
        await using UsersHost host = await StartAsync($"mkdir -m 700 ~/.ssh; printf '{last}' > ~/.ssh/authorized_keys");

        await host.DoesAsync("add", "alice", "--key", host.Key, "--existing");

        Assert.Equal($"{last}\n{host.Key}\n", host.Sandbox.Read("/home/alice/.ssh/authorized_keys"));
    }

    [Fact]
    public async Task A_skeleton_with_a_link_in_it_makes_no_account()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("ln -s /root/.ssh /etc/skel/.ssh");

        Outcome outcome = await host.UserAsync("add", "alice", "--key", host.Key);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("symbolic link", outcome.Errors, StringComparison.Ordinal);
        Assert.Contains("What was made is taken back", outcome.Errors, StringComparison.Ordinal);
        Assert.False(await host.ExistsAsync("alice"));
        Assert.False(Directory.Exists(host.Sandbox.Outside("/home/alice")));
        Assert.False(host.Sandbox.Exists("/root/.ssh/authorized_keys"));
    }

    [Fact]
    public async Task A_home_that_is_mounted_read_only_gets_a_root_owned_key_only()
    {
        await using UsersHost host = await StartAsync("true");
        await host.ShAsync("mount --bind /home/alice /home/alice; mount -o remount,bind,ro /home/alice");

        Outcome own = await host.UserAsync("add", "alice", "--key", host.Key, "--existing");
        string[] invitations = host.Store.Files("invitations");
        Outcome rootOwned = await host.DoesAsync("add", "alice", "--key", host.Key, "--existing", "--root-owned-key");
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(rootOwned.Output));

        Assert.Equal(1, own.ExitCode);
        Assert.Contains("Read-only file system", own.Errors, StringComparison.Ordinal);
        Assert.Empty(invitations);
        (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
    }

    [Theory]
    [InlineData("/home", true)]
    [InlineData("/var/lib/sallyport", false)]
    public async Task On_a_full_disk_what_was_made_is_taken_back_and_the_same_command_does_it_later(string place, bool inHome)
    {
        await using UsersHost host = await UsersHost.StartAsync(room: "64k");
        await host.ShAsync(inHome
            ? "mount -t tmpfs -o size=64k tmpfs /home; dd if=/dev/zero of=/home/filler bs=4k 2>/dev/null || true"
            : "dd if=/dev/zero of=/var/lib/sallyport/filler bs=4k 2>/dev/null || true");

        Outcome full = await host.UserAsync("add", "alice", "--key", host.Key);
        bool left = await host.ExistsAsync("alice") || Directory.Exists(host.Sandbox.Outside("/home/alice"));
        string[] invitations = host.Store.Files("invitations");
        await host.ShAsync($"rm {place}/filler");
        Outcome later = await host.DoesAsync("add", "alice", "--key", host.Key);

        Assert.Equal(1, full.ExitCode);
        Assert.Contains("No space left on device", full.Errors, StringComparison.Ordinal);
        Assert.Equal("", full.Output);
        Assert.False(left, full.ToString());
        Assert.Empty(invitations);
        await host.EnrolAsync("alice", UsersHost.CodeIn(later.Output));
    }

    private static async Task<UsersHost> StartAsync(string prepared)
    {
        UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("useradd -m -s /bin/bash alice; useradd -m -s /bin/bash bob");
        Outcome done = await host.Store.AsAsync("alice", "sh", "-ec", prepared);
        Assert.True(done.ExitCode == 0, done.ToString());
        return host;
    }
}
