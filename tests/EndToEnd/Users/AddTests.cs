using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Users;

/// <summary>A new colleague: one command, one letter, one login.</summary>
public sealed class AddTests
{
    [Fact]
    public async Task What_the_letter_says_leads_from_nothing_to_a_login_with_two_factors()
    {
        await using UsersHost host = await UsersHost.StartAsync();

        Outcome added = await host.DoesAsync("add", "alice", "--key", host.Key, "--host", UsersHost.Address, "--shell=/bin/bash");
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(added.Output));
        Login login = await host.SshAsync("alice", "id -un", phone.Passcode(+1));
        Login again = await host.SshAsync("alice", "id -un", phone.WrongPasscode());

        Assert.Equal("", added.Errors);
        Assert.Contains($"ssh alice@{UsersHost.Address}\n", added.Output, StringComparison.Ordinal);
        string fingerprint = await host.ShAsync("ssh-keygen -lf /etc/ssh/host_key.pub | cut -d' ' -f2");
        Assert.Contains($"    {fingerprint.Trim()} (ssh-ed25519)\n", added.Output, StringComparison.Ordinal);
        string own = await host.ShAsync("ssh-keygen -lf /root/.ssh/id_ed25519.pub | cut -d' ' -f2");
        Assert.Contains($"    {own}", added.Output, StringComparison.Ordinal);
        login.MustBeAllowed(host.World);
        Assert.Equal("alice", login.Output);
        again.MustBeRefused(host.World);
        Assert.Equal(
            "700 alice:alice\n600 alice:alice\n",
            await host.ShAsync("stat -c '%a %U:%G' /home/alice/.ssh /home/alice/.ssh/authorized_keys"));
        Assert.Equal(host.Key + "\n", host.Sandbox.Read("/home/alice/.ssh/authorized_keys"));
        Assert.Equal(":/home/alice:/bin/bash\n", await host.ShAsync("getent passwd alice | cut -d: -f5-"));
        await host.World.Syslog.LineAsync("alice: account made by root");
        await host.World.Syslog.LineAsync($"alice: key {own.Trim()} given by root");
        await host.World.Syslog.LineAsync("alice: invited to enrol, until ");
    }

    [Fact]
    public async Task Without_policy_and_with_nullok_he_enrols_by_the_command()
    {
        await using UsersHost host = await UsersHost.StartAsync(configuration: "", options: "nullok");

        Outcome added = await host.DoesAsync("add", "alice", "--key", host.Key);
        string code = UsersHost.CodeIn(added.Output);
        using var alice = Terminal.Open(host.Sandbox, "alice", "sallyport enroll");
        await alice.AnswerAsync(StoreHost.InvitationPrompt, code);
        await alice.AskedAsync(StoreHost.PasscodePrompt);
        Authenticator phone = StoreHost.Read(alice.Seen).Phone;
        await alice.TypeAsync(phone.Passcode());
        int exit = await alice.EndAsync();
        Login login = await host.SshAsync("alice", "id -un", phone.Passcode(+1));

        Assert.Contains("Logged in, run: sallyport enroll\n", added.Output, StringComparison.Ordinal);
        Assert.Equal(0, exit);
        login.MustBeAllowed(host.World);
        Assert.Single(login.Prompts);
    }

    [Fact]
    public async Task Before_he_has_enrolled_his_key_is_not_enough_nor_is_a_wrong_code()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.DoesAsync("add", "alice", "--key", host.Key);

        Login nothing = await host.SshAsync("alice", "id -un");
        Login wrong = await host.SshAsync("alice", "id -un", "AAAA-BBBB-CCCC-DDDD", "000000");

        nothing.MustBeRefused(host.World);
        wrong.MustBeRefused(host.World);
        Assert.False(host.Store.HasEntry("alice"));
    }

    [Fact]
    public async Task Groups_a_key_file_and_the_end_of_the_invitation_are_as_asked()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("ssh-keygen -q -t rsa -b 2048 -N '' -C 'second, key' -f /root/second; { echo '# two keys'; echo; cat /root/.ssh/id_ed25519.pub /root/second.pub; } > /root/keys");

        Outcome added = await host.DoesAsync("add", "alice", "--key-file", "/root/keys", "--groups=sudo,audio", "--expires=2h");

        Assert.Equal("alice : alice sudo audio", (await host.ShAsync("groups alice")).Trim(), ignoreCase: false);
        Assert.Equal("2\n", await host.ShAsync("wc -l < /home/alice/.ssh/authorized_keys"));
        string expires = (await host.ShAsync("sed -n 's/^expires = //p' /var/lib/sallyport/invitations/alice; date +%s")).Trim();
        long[] seconds = [.. expires.Split('\n').Select(long.Parse)];
        Assert.InRange(seconds[0] - seconds[1], 7100, 7200);
        Assert.Equal(2, added.Output.Split('\n').Count(line => line.StartsWith("    SHA256:", StringComparison.Ordinal) && !line.EndsWith(')')));
    }

    [Fact]
    public async Task A_root_owned_key_lets_in_where_sshd_reads_it_and_the_home_has_none()
    {
        await using UsersHost host = await UsersHost.StartAsync();

        Outcome added = await host.DoesAsync("add", "alice", "--key", host.Key, "--root-owned-key");
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(added.Output));

        Assert.Equal("", added.Errors);
        (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
        Assert.Equal("755 root\n644 root\n", await host.ShAsync("stat -c '%a %U' /etc/ssh/authorized_keys.d /etc/ssh/authorized_keys.d/alice"));
        Assert.False(Directory.Exists(host.Sandbox.Outside("/home/alice/.ssh")));
    }

    [Theory]
    [InlineData(".ssh/authorized_keys", true, "sshd reads .ssh/authorized_keys and not /etc/ssh/authorized_keys.d/alice")]
    [InlineData("/etc/ssh/authorized_keys.d/%u", false, "sshd reads /etc/ssh/authorized_keys.d/%u and not ~/.ssh/authorized_keys")]
    public async Task Where_sshd_does_not_read_the_key_it_is_said(string files, bool rootOwned, string warning)
    {
        await using UsersHost host = await UsersHost.StartAsync(sshd: UsersHost.DaemonReading(files));

        Outcome added = await host.DoesAsync(["add", "alice", "--key", host.Key, .. rootOwned ? ["--root-owned-key"] : (string[])[]]);

        Assert.Contains(warning, added.Errors, StringComparison.Ordinal);
        (await host.SshAsync("alice", "id -un", UsersHost.CodeIn(added.Output))).MustBeRefused(host.World);
    }

    [Fact]
    public async Task Keys_of_etc_skel_stay_and_its_modes_are_mended_and_said()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("mkdir -m 775 /etc/skel/.ssh; ssh-keygen -q -t ed25519 -N '' -C team -f /root/team; cp /root/team.pub /etc/skel/.ssh/authorized_keys; chmod 666 /etc/skel/.ssh/authorized_keys");

        Outcome added = await host.DoesAsync("add", "alice", "--key", host.Key);
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(added.Output));

        Assert.Equal(host.Sandbox.Read("/root/team.pub") + host.Key + "\n", host.Sandbox.Read("/home/alice/.ssh/authorized_keys"));
        Assert.Equal("700\n600\n", await host.ShAsync("stat -c %a /home/alice/.ssh /home/alice/.ssh/authorized_keys"));
        Assert.Contains("alice: /home/alice/.ssh had mode 0775, and has 0700 now", added.Errors, StringComparison.Ordinal);
        Assert.Contains("has 1 other key(s) in it, which stay", added.Errors, StringComparison.Ordinal);
        (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
    }

    [Fact]
    public async Task An_account_that_is_there_gets_key_and_invitation_only_when_that_is_said()
    {
        await using UsersHost host = await UsersHost.StartAsync();
        await host.ShAsync("useradd -m -s /bin/bash -c 'Alice A.' alice");
        string before = await host.AccountsAsync();

        Outcome refused = await host.UserAsync("add", "alice", "--key", host.Key);
        string after = await host.AccountsAsync();
        Outcome existing = await host.DoesAsync("add", "alice", "--key", host.Key, "--existing");
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(existing.Output));
        byte[] entry = host.Store.Entry("alice");
        Outcome again = await host.DoesAsync("add", "alice", "--key", host.Key, "--existing");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--existing", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, after);
        Assert.Equal("Alice A.\n", await host.ShAsync("getent passwd alice | cut -d: -f5"));
        Assert.Equal(entry, host.Store.Entry("alice"));
        Assert.DoesNotContain("invitation code", again.Output, StringComparison.Ordinal);
        Assert.Equal(host.Key + "\n", host.Sandbox.Read("/home/alice/.ssh/authorized_keys"));
        (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
    }
}
