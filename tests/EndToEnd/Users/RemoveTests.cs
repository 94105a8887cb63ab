using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Users;

/// <summary>Somebody leaves.</summary>
public sealed class RemoveTests
{
    private const string Loose = "[totp]\nhome_files = no\n[policy]\nenrolment = allow until 2099-01-01\n";

    [Fact]
    public async Task Nothing_of_him_is_left_and_the_next_of_his_name_begins_anew()
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost _ = host;
        await LeaveTracesAsync(host);

        Outcome removed = await host.DoesAsync("remove", "alice", "--yes");
        string traces = await TracesAsync(host);
        Outcome next = await host.DoesAsync("add", "alice", "--key", host.Key);
        Login withOld = await host.SshAsync("alice", "id -un", old.Passcode(+1));
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(next.Output));

        Assert.Equal("alice: the account is gone.\n", removed.Output);
        Assert.Equal("", traces);
        withOld.MustBeRefused(host.World);
        (await host.SshAsync("alice", "id -un", phone.Passcode(+1))).MustBeAllowed(host.World);
        await host.World.Syslog.LineAsync("alice: second factor, invitation and root-owned key taken away by root");
        await host.World.Syslog.LineAsync("alice: account removed by root");
    }

    [Fact]
    public async Task The_home_may_stay_without_his_secret()
    {
        (UsersHost host, Authenticator _) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost __ = host;
        await LeaveTracesAsync(host);
        await host.Store.AsAsync("alice", "sh", "-c", "echo work > $HOME/work");

        await host.DoesAsync("remove", "alice", "--keep-home", "--yes");

        Outcome next = await host.UserAsync("add", "alice", "--key", host.Key); // it is not hers

        Assert.Equal(1, next.ExitCode);
        Assert.Contains("/home/alice is there already", next.Errors, StringComparison.Ordinal);
        Assert.False(await host.ExistsAsync("alice"));
        Assert.Equal("work\n", host.Sandbox.Read("/home/alice/work"));
        await host.ShAsync("rm -r /home/alice/.ssh /home/alice/work /home/alice/.[bp]*; rmdir /home/alice");
        Assert.Equal("", await TracesAsync(host));
    }

    [Fact]
    public async Task His_processes_are_named_and_end_only_when_that_is_said()
    {
        (UsersHost host, Authenticator _) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost __ = host;
        await host.ShAsync("useradd -m bob");
        using Command sleeps = host.Sandbox.Start(["runuser", "-u", "alice", "--", "sleep", "1000"]);
        using Command others = host.Sandbox.Start(["runuser", "-u", "bob", "--", "sleep", "1001"]);
        await Wait.UntilAsync(() => PidOf(host, "1000") is not null && PidOf(host, "1001") is not null, "both sleep",
            TestContext.Current.CancellationToken);
        string before = await host.AccountsAsync();
        string pid = PidOf(host, "1000")!;

        Outcome refused = await host.UserAsync("remove", "alice", "--yes");
        string after = await host.AccountsAsync();
        Outcome removed = await host.DoesAsync("remove", "alice", "--yes", "--kill");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"  {pid} (sleep)", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, after);
        Assert.Equal("alice: the account is gone.\n", removed.Output);
        Assert.Null(PidOf(host, "1000"));
        Assert.NotNull(PidOf(host, "1001"));
    }

    /// <summary>Under this policy who has no entry is let in by his key; he must not be, whatever fails.</summary>
    [Theory]
    [InlineData("#!/bin/sh\necho 'userdel: cannot lock /etc/passwd; try again later.' >&2\nexit 1\n")]
    [InlineData("#!/bin/sh\nkill -KILL $PPID\n")]
    public async Task When_userdel_fails_the_secret_is_gone_and_he_is_refused_and_it_can_be_done_again(string broken)
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(Loose);
        await using UsersHost _ = host;
        await host.ShAsync("cp /usr/sbin/userdel /root/userdel");
        host.Sandbox.Write("/usr/sbin/userdel", broken, (UnixFileMode)0x1ED);

        Outcome failed = await host.UserAsync("remove", "alice", "--yes");
        string secret = await host.ShAsync($"grep -rl {old.Secret} /var/lib/sallyport /home || true");
        Login key = await host.SshAsync("alice", "id -un", "");
        Login withOld = await host.SshAsync("alice", "id -un", old.Passcode(+1));
        await host.ShAsync("cp /root/userdel /usr/sbin/userdel");
        Outcome again = await host.DoesAsync("remove", "alice", "--yes");

        if (!broken.Contains("KILL", StringComparison.Ordinal))
        {
            Assert.Equal(1, failed.ExitCode);
            Assert.Contains("cannot lock /etc/passwd", failed.Errors, StringComparison.Ordinal);
            Assert.Contains("The account is still there. Its secret is gone", failed.Errors, StringComparison.Ordinal);
            Assert.Contains("sallyport user remove alice", failed.Errors, StringComparison.Ordinal);
        }

        Assert.Equal("", secret);
        key.MustBeRefused(host.World);
        withOld.MustBeRefused(host.World);
        Assert.Equal("alice: the account is gone.\n", again.Output);
        Assert.Equal("", await TracesAsync(host));
    }

    [Theory]
    [InlineData("renameat", "error=ENOSPC", 1, true)]
    [InlineData("renameat", "signal=KILL", 1, true)]
    [InlineData("unlinkat", "error=EIO", 1, false)]
    [InlineData("unlinkat", "signal=KILL", 1, false)]
    [InlineData("unlinkat", "error=EIO", 5, false)]
    [InlineData("vfork", "signal=KILL", 1, false)]
    public async Task Broken_off_on_the_way_his_key_alone_is_not_enough(string call, string fault, int number, bool oldCounts)
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(Loose);
        await using UsersHost _ = host;
        await LeaveTracesAsync(host);

        Outcome broken = await host.Sandbox.TryAsync(
            "strace", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:{fault}:when={number}",
            StoreHost.Program, "user", "remove", "alice", "--yes");
        Login key = await host.SshAsync("alice", "id -un", "");
        Login withOld = await host.SshAsync("alice", "id -un", old.Passcode(+1));
        await host.QuietAsync("alice");
        bool still = await host.ExistsAsync("alice");
        await host.DoesAsync("remove", "alice", "--yes");

        Assert.True(broken.ExitCode != 0, broken.ToString());
        Assert.True(still || call == "vfork", "it went too early"); // a vfork that is killed at its end has begun userdel
        key.MustBeRefused(host.World);
        Assert.Equal(oldCounts ? 0 : 255, withOld.ExitCode);
        Assert.Equal("", await TracesAsync(host));
    }

    [Fact]
    public async Task What_a_former_account_left_is_no_gift_to_the_next()
    {
        (UsersHost host, Authenticator old) = await EnrolledAsync(UsersHost.Invited);
        await using UsersHost _ = host;
        await host.ShAsync("userdel -r alice 2>/dev/null");

        Outcome refused = await host.UserAsync("add", "alice", "--key", host.Key);
        bool made = await host.ExistsAsync("alice");
        Outcome cleaned = await host.DoesAsync("remove", "alice", "--yes");
        Outcome added = await host.DoesAsync("add", "alice", "--key", host.Key);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("the second factor\n  of a former account of that name would be his", refused.Errors, StringComparison.Ordinal);
        Assert.False(made);
        Assert.Equal("alice: what was left is gone.\n", cleaned.Output);
        await host.EnrolAsync("alice", UsersHost.CodeIn(added.Output));
        (await host.SshAsync("alice", "id -un", old.Passcode(+1))).MustBeRefused(host.World);
    }

    [Theory]
    [InlineData("root", "root is not removed")]
    [InlineData("emergency", "emergency is the break-glass account")]
    [InlineData("twin", "twin and emergency are one user to the system")]
    [InlineData("nobody-there", "there is no account nobody-there, and nothing is left of one")]
    [InlineData("../etc", "not a name that an account can have")]
    public async Task Who_must_stay_stays(string name, string said)
    {
        await using UsersHost host = await UsersHost.StartAsync(
            "[policy]\n[break_glass emergency]\nreason = the last way in\nuntil = 2099-01-01\n");
        await host.ShAsync("useradd -m emergency; useradd -o -u $(id -u emergency) twin");
        string before = await host.AccountsAsync();

        Outcome refused = await host.UserAsync("remove", name, "--yes", "--kill");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(said, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await host.AccountsAsync());
    }

    [Fact]
    public async Task An_exemption_that_stays_is_named()
    {
        await using UsersHost host = await UsersHost.StartAsync(
            "[policy]\n[exempt backup]\nreason = nightly copy\nuntil = 2099-01-01\n");
        await host.ShAsync("userdel backup; useradd -m backup");

        Outcome removed = await host.DoesAsync("remove", "backup", "--yes");

        Assert.Contains("[exempt backup]: take it out", removed.Errors, StringComparison.Ordinal);
    }

    private static async Task<(UsersHost Host, Authenticator Phone)> EnrolledAsync(string configuration)
    {
        UsersHost host = await UsersHost.StartAsync(configuration);
        await host.DoesAsync("add", "alice", "--key", host.Key, "--shell=/bin/bash");
        Enrolled enrolled = await host.Store.EnrolByRootAsync("alice");
        (await host.SshAsync("alice", "id -un", enrolled.Phone.Passcode())).MustBeAllowed(host.World);
        await host.QuietAsync("alice");
        return (host, enrolled.Phone);
    }

    /// <summary>Each place where something of him can be.</summary>
    private static Task<string> LeaveTracesAsync(UsersHost host) => host.ShAsync("""
        sallyport invite alice --replace > /dev/null
        install -D -m 600 /etc/hostname /var/lib/sallyport/retired/alice.google_authenticator
        chmod 700 /var/lib/sallyport/retired
        install -d -m 755 /etc/ssh/authorized_keys.d
        cp /root/.ssh/id_ed25519.pub /etc/ssh/authorized_keys.d/alice
        install -m 400 -o alice -g alice /etc/hostname /home/alice/.google_authenticator
        """);

    private static Task<string> TracesAsync(UsersHost host) =>
        host.ShAsync("grep -h ^alice: /etc/passwd /etc/shadow /etc/group || true; find /home /etc/ssh /var/lib/sallyport -name '*alice*'");

    private static string? PidOf(UsersHost host, string seconds) =>
        Directory.EnumerateDirectories(host.Sandbox.Outside("/proc"))
            .Where(path => int.TryParse(Path.GetFileName(path), out int _) && CommandLine(path) == $"sleep\0{seconds}\0")
            .Select(path => Path.GetFileName(path)).FirstOrDefault();

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
