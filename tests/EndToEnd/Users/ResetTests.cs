using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Users;

/// <summary>The phone is lost, and whoever has found it may have the key too.</summary>
public sealed class ResetTests
{
    [Fact]
    public async Task The_old_phone_and_the_key_alone_are_refused_and_the_new_letter_lets_him_enrol()
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost _ = host;

        Outcome reset = await host.DoesAsync("reset", "alice", "--yes", "--host=" + UsersHost.Address);
        Login withOld = await host.SshAsync("alice", "id -un", old.Passcode(+1));
        Login withKey = await host.SshAsync("alice", "id -un", "");
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(reset.Output));
        Login withNew = await host.SshAsync("alice", "id -un", phone.Passcode(+1));

        withOld.MustBeRefused(host.World);
        withKey.MustBeRefused(host.World);
        withNew.MustBeAllowed(host.World);
        Assert.NotEqual(old.Secret, phone.Secret);
        Assert.Contains("alice: the old phone is void", reset.Errors, StringComparison.Ordinal);
        Assert.Empty(host.Store.Files("invitations"));
        await host.World.Syslog.LineAsync("alice: second factor taken away by root, and invited to enrol until ");
    }

    /// <summary>Where a new person's key lets him in or enrol, it must not do so for who was reset.</summary>
    [Theory]
    [InlineData("allow until 2099-01-01", false)]
    [InlineData("allow until 2099-01-01", true)]
    [InlineData("required", false)]
    [InlineData("required", true)]
    public async Task His_key_alone_is_not_enough_under_any_policy_nor_when_the_invitation_has_expired(string enrolment, bool expired)
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync($"[totp]\nhome_files = {(enrolment == "invited" ? "yes" : "no")}\n[policy]\nenrolment = {enrolment}\n");
        await using UsersHost _ = host;
        await host.DoesAsync("add", "newcomer", "--key", host.Key);

        Outcome reset = await host.DoesAsync("reset", "alice", "--yes");
        if (expired)
        {
            await host.ShAsync("sed -i 's/^expires = .*/expires = 1000000000/' /var/lib/sallyport/invitations/alice");
        }

        OpenLogin newcomer = host.World.Client.Open(["ssh", $"newcomer@{UsersHost.Address}", "id -un"]);
        newcomer.Answer("t");
        Login first = await newcomer.EndAsync();
        Login wrong = await host.SshAsync("alice", "id -un", "AAAA-BBBB-CCCC-DDDD", "t");
        Login none = await host.SshAsync("alice", "id -un", "t", "t");
        Login withOld = await host.SshAsync("alice", "id -un", old.Passcode(+1));

        if (enrolment == "required")
        {
            Assert.DoesNotContain("Invitation", first.Prompts[0], StringComparison.Ordinal); // he enrols by his key
        }
        else
        {
            first.MustBeAllowed(host.World);
        }

        Assert.All([wrong, none, withOld], login => login.MustBeRefused(host.World));
        Assert.All([wrong, none, withOld], login => Assert.DoesNotContain("secret, to type", string.Join('\n', login.Prompts), StringComparison.Ordinal));
        Assert.False(host.Store.HasEntry("alice"));
        Assert.Contains("Asked for the invitation code, type this:", reset.Output, StringComparison.Ordinal); // he cannot run a command
        if (!expired)
        {
            Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(reset.Output));
            (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
        }
        else
        {
            string code = await host.Store.InviteAsync("alice"); // the way on
            await host.EnrolAsync("alice", code);
        }
    }

    /// <summary>Where each step of it fails or it is killed, the old phone still counts, or nothing does.</summary>
    [Theory]
    [InlineData("renameat", "error=ENOSPC", 1, true)]
    [InlineData("renameat", "error=ENOSPC", 2, true)]
    [InlineData("renameat", "signal=KILL", 1, true)]
    [InlineData("renameat", "signal=KILL", 2, true)]
    [InlineData("unlinkat", "signal=KILL", 1, true)]
    [InlineData("unlinkat", "error=EIO", 4, true)]
    [InlineData("unlinkat", "signal=KILL", 4, true)]
    [InlineData("fsync", "signal=KILL", 6, false)]
    public async Task Broken_off_on_the_way_his_key_alone_is_not_enough(string call, string fault, int number, bool oldCounts)
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync("[totp]\nhome_files = no\n[policy]\nenrolment = allow until 2099-01-01\n");
        await using UsersHost _ = host;

        Outcome broken = await host.Sandbox.TryAsync(
            "strace", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:{fault}:when={number}",
            StoreHost.Program, "user", "reset", "alice", "--yes");
        bool there = host.Store.HasEntry("alice");
        Login keyAlone = await host.SshAsync("alice", "id -un", "");
        Login withOld = await host.SshAsync("alice", "id -un", old.Passcode(+1));
        Outcome again = await host.UserAsync("reset", "alice", "--yes");

        Assert.True(broken.ExitCode != 0, broken.ToString());
        Assert.Equal(oldCounts, there);
        keyAlone.MustBeRefused(host.World);
        Assert.Equal(oldCounts ? 0 : 255, withOld.ExitCode);
        Assert.Equal(oldCounts ? 0 : 1, again.ExitCode);
        string code = oldCounts ? UsersHost.CodeIn(again.Output) : await host.Store.InviteAsync("alice");
        await host.EnrolAsync("alice", code);
    }

    [Fact]
    public async Task A_file_in_his_home_goes_too_whatever_it_is()
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost _ = host;
        foreach (string made in new[] { "ln -s /etc/passwd", "mkfifo", "cp /etc/hostname" })
        {
            await host.Store.AsAsync("alice", "sh", "-ec", $"{made} $HOME/.google_authenticator");
            await host.DoesAsync("reset", "alice", "--yes");
            Assert.Equal("", await host.ShAsync("ls -A /home/alice | grep google || true"));
        }

        Assert.True(host.Sandbox.Exists("/etc/passwd"));
        (await host.SshAsync("alice", "id -un", old.Passcode(+1))).MustBeRefused(host.World);
    }

    [Theory]
    [InlineData("invited")]
    [InlineData("allow until 2099-01-01")]
    public async Task A_file_that_a_thief_puts_into_his_home_meanwhile_is_no_factor(string enrolment)
    {
        (UsersHost host, Authenticator _) = await EnrolledAsync($"[totp]\nhome_files = {(enrolment == "invited" ? "yes" : "no")}\n[policy]\nenrolment = {enrolment}\n");
        await using UsersHost __ = host;
        var thief = new Account(host.World, "alice");
        Outcome reset = await host.DoesAsync("reset", "alice", "--yes");

        await thief.EnrolAsync("TOTP_AUTH");
        Login planted = await host.SshAsync("alice", "id -un", thief.Phone.Passcode(), thief.Phone.Passcode(+1));
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(reset.Output));

        planted.MustBeRefused(host.World);
        (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
    }

    [Theory]
    [InlineData("", "without [policy] in the configuration nobody enrols in a login")]
    [InlineData("[policy]\nenrolment = deny\n", "by [policy] nobody enrols in a login")]
    public async Task Where_he_could_not_enrol_again_nothing_is_changed_and_the_way_is_named(string configuration, string said)
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost _ = host;
        host.World.Agent.Configure(configuration);
        byte[] entry = host.Store.Entry("alice");

        Outcome refused = await host.UserAsync("reset", "alice", "--yes");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(said, refused.Errors, StringComparison.Ordinal);
        Assert.Contains("sallyport enroll --user alice --force", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(entry, host.Store.Entry("alice"));
        Assert.Empty(host.Store.Files("invitations"));
        (await host.SshAsync("alice", "id -un", old.Passcode(+1))).MustBeAllowed(host.World);
    }

    [Fact]
    public async Task Nobody_is_reset_who_has_nothing_or_without_a_yes()
    {
        (UsersHost host, Authenticator _) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost __ = host;
        await host.ShAsync("useradd -m bob");
        byte[] entry = host.Store.Entry("alice");

        Outcome bob = await host.UserAsync("reset", "bob", "--yes");
        Outcome nobody = await host.UserAsync("reset", "nobody-there", "--yes");
        Outcome unasked = await host.UserAsync("reset", "alice");
        using var no = Terminal.Open(host.Sandbox, "root", "sallyport user reset alice");
        await no.AnswerAsync("(y/n) ", "n");
        int exit = await no.EndAsync();

        Assert.Contains("sallyport invite bob", bob.Errors, StringComparison.Ordinal);
        Assert.Contains("there is no account nobody-there", nobody.Errors, StringComparison.Ordinal);
        Assert.Contains("--yes", unasked.Errors, StringComparison.Ordinal);
        Assert.Equal((1, 1, 1, 1), (bob.ExitCode, nobody.ExitCode, unasked.ExitCode, exit));
        Assert.Equal(entry, host.Store.Entry("alice"));
        Assert.Empty(host.Store.Files("invitations"));
    }

    private static async Task<(UsersHost Host, Authenticator Phone)> EnrolledAsync(string configuration)
    {
        UsersHost host = await UsersHost.StartAsync(configuration);
        await host.DoesAsync("add", "alice", "--key", host.Key, "--shell=/bin/bash");
        Enrolled enrolled = await host.Store.EnrolByRootAsync("alice");
        await host.ShAsync("rm /var/lib/sallyport/invitations/alice");
        (await host.SshAsync("alice", "id -un", enrolled.Phone.Passcode())).MustBeAllowed(host.World);
        return (host, enrolled.Phone);
    }
}
