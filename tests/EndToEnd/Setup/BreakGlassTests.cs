using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>Setup tries the break-glass account itself, as sshd and PAM will treat it, before it changes anything.</summary>
public sealed class Given_a_break_glass_account
{
    private const string Key = "/etc/ssh/authorized_keys.d/ops";

    [Theory]
    [InlineData("usermod --expiredate 1 ops", "Access denied for user ops by PAM account configuration")]
    [InlineData("usermod --shell /usr/sbin/nologin ops", "its shell ran no command; ssh said: This account is currently not available")]
    [InlineData("usermod --shell /bin/false ops", "its shell ran no command")]
    [InlineData("usermod --shell /bin/gone ops", "because shell /bin/gone does not exist")]
    [InlineData("chage --lastday 0 ops", "was not let in")] // a password that has to be changed, and nobody knows it
    [InlineData("groupadd people; usermod -a -G people alice; echo 'AllowGroups people' >/etc/ssh/sshd_config.d/50-mine.conf",
        "none of user's groups are listed in AllowGroups")]
    [InlineData("echo 'DenyUsers ops' >/etc/ssh/sshd_config.d/50-mine.conf", "because listed in DenyUsers")]
    [InlineData("echo 'AllowUsers alice' >/etc/ssh/sshd_config.d/50-mine.conf", "because not listed in AllowUsers")]
    [InlineData("echo '-:ops:ALL' >>/etc/security/access.conf; echo 'account required pam_access.so' >>/etc/pam.d/sshd",
        "by PAM account configuration")]
    [InlineData("echo closed >/etc/nologin", "by PAM account configuration")]
    [InlineData("chmod 600 " + Key, "Permission denied")] // sshd reads it as ops
    public async Task One_that_would_not_get_in_is_found_before_anything_is_changed(string harm, string why)
    {
        Outcome refused = await RefusedAsync(harm);

        Assert.Contains("the break-glass account ops was not let in", refused.Errors, StringComparison.Ordinal);
        Assert.True(refused.Errors.Contains(why, StringComparison.Ordinal), refused.Errors);
        Assert.Contains("Nothing is changed", refused.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rm " + Key, "no key in a file that only root can change")]
    [InlineData(": >" + Key, "no key in a file that only root can change")]
    [InlineData("chmod 664 " + Key, "no key in a file that only root can change")]
    [InlineData("chown ops " + Key, "no key in a file that only root can change")]
    [InlineData("echo 'ssh-ed25519 AAAAC3 torn' >" + Key, "there is no key for ops in " + Key)]
    public async Task A_file_without_a_key_of_its_own_is_found_too(string harm, string why) =>
        Assert.Contains(why, (await RefusedAsync(harm)).Errors, StringComparison.Ordinal);

    [Theory]
    [InlineData("usermod --lock ops")] // "!" keeps no key out where PAM is used
    [InlineData("printf 'Match User ops\n    AuthorizedKeysFile /etc/ssh/authorized_keys.d/ops\nMatch all\n' >/etc/ssh/sshd_config.d/50-mine.conf")]
    [InlineData("install -d /srv/keys; mv " + Key + " /srv/keys; echo 'AuthorizedKeysFile .ssh/authorized_keys /srv/keys/%u' >/etc/ssh/sshd_config.d/50-mine.conf")]
    public async Task One_that_gets_in_is_no_reason_against_it_and_the_key_that_tries_it_is_gone(string change)
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", change);
        string keys = await host.Sandbox.RunAsync("sh", "-c", "cat /etc/ssh/authorized_keys.d/* /srv/keys/* /home/ops/.ssh/* 2>/dev/null; true");

        await host.SetUpAsync();

        Assert.Equal(keys, await host.Sandbox.RunAsync("sh", "-c", "cat /etc/ssh/authorized_keys.d/* /srv/keys/* /home/ops/.ssh/* 2>/dev/null; true"));
        Assert.Equal("ops", (await host.LoginAsync("ops")).Output);
    }

    /// <summary>sshd goes on to take their key alone, so nothing asks them, and the session line refuses them.</summary>
    [Fact]
    public async Task After_its_date_it_is_shut_and_not_asked_as_is_who_was_exempt_until_setup_has_a_later_one()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.SetUpAsync("--exempt=bob:2099-12-31:backup at night");
        await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode());
        Login[] before = [await InAsync(host, "ops"), await InAsync(host, "bob")];
        await host.Sandbox.RunAsync("sed", "-i", "s/2099-12-31/2026-01-31/", SetupHost.Policy, SetupHost.Include);

        Login[] after = [await InAsync(host, "ops"), await InAsync(host, "bob")];
        Assert.False(host.Sandbox.Exists("/tmp/in-ops") || host.Sandbox.Exists("/tmp/in-bob"));
        Assert.Contains("exempt-past", (await host.Sandbox.TryAsync("sallyport", "doctor")).Output, StringComparison.Ordinal);
        await host.SetUpAsync("--exempt=bob:2099-12-31:backup at night");

        Assert.Equal(["ops", "bob"], before.Select(login => login.Output));
        Assert.All(after, login => Assert.True(
            login.ExitCode == 254 && login.Prompts.Count == 0, login.ToString())); // sshd: PAM has opened no session
        Assert.Equal(["ops", "bob"], [(await host.LoginAsync("ops")).Output, (await host.LoginAsync("bob")).Output]);
    }

    private static async Task<Login> InAsync(SetupHost host, string name)
    {
        await host.Sandbox.RunAsync("rm", "-f", $"/tmp/in-{name}");
        return await host.SshAsync(name, $"touch /tmp/in-{name}; id -un");
    }

    private static async Task<Outcome> RefusedAsync(string harm)
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", harm);
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.True(refused.ExitCode == 1, refused.ToString());
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        await host.Sandbox.RunAsync("rm", "-f", "/etc/nologin");
        await host.AssertReachableAsync();
        return refused;
    }
}
