using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>What setup does not do, with nothing changed.</summary>
public sealed class Given_a_host_that_setup_would_lock
{
    [Fact]
    public Task Without_a_break_glass_account() => RefusedAsync("--break-glass=NAME", _ => { }, []);

    [Fact]
    public Task With_a_break_glass_account_that_is_not_there() =>
        RefusedAsync("there is no account nobody2", _ => { }, ["--break-glass=nobody2:2099-01-01:x"]);

    [Fact]
    public Task With_one_whose_name_would_end_PAMs_line() =>
        RefusedAsync("'op#s' is not the name of one account", _ => { }, ["--break-glass=op#s:2099-01-01:x"]);

    /// <summary>sshd's Match User would let others in by their key alone.</summary>
    [Theory]
    [InlineData("*")]
    [InlineData("b?b")]
    [InlineData("alice,bob")]
    [InlineData("!bob")]
    [InlineData("-bob")]
    public Task With_a_pattern_that_would_be_exempt(string name) => RefusedAsync(
        $"'{name}' is not the name of one account", _ => { }, [SetupHost.BreakGlass, $"--exempt={name}:2099-01-01:x"]);

    [Fact]
    public Task With_a_pattern_that_is_exempt_by_hand() => RefusedAsync(
        "'b*' is not the name of one account",
        h => h.Sandbox.Write(SetupHost.Policy, "[exempt b*]\nreason = x\nuntil = 2099-01-01\n", (UnixFileMode)0x180), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_one_that_has_never_logged_in() =>
        RefusedAsync("has never logged in", h => h.Sandbox.Write("/etc/ssh/authorized_keys.d/bob", h.Client.PublicKey + "\n"),
            ["--break-glass=bob:2099-01-01:x"]);

    [Fact]
    public Task With_one_whose_end_is_past() => RefusedAsync("which is past", _ => { }, ["--break-glass=ops:2020-01-01:x"]);

    [Fact]
    public Task With_root_as_break_glass() => RefusedAsync("root cannot be exempt", _ => { }, ["--break-glass=root:2099-01-01:x"]);

    [Fact]
    public Task With_a_key_that_its_owner_can_change() => RefusedAsync(
        "no key in a file that only root can change", h => File.Delete(h.Sandbox.Outside("/etc/ssh/authorized_keys.d/ops")), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_a_key_in_a_folder_that_others_write() => RefusedAsync(
        "no key in a file that only root can change",
        h => File.SetUnixFileMode(h.Sandbox.Outside("/etc/ssh/authorized_keys.d"), (UnixFileMode)0x1FF), [SetupHost.BreakGlass]);

    [Fact]
    public Task Where_nobody_but_root_and_break_glass_has_a_key() => RefusedAsync(
        "are the only ways in",
        h => Array.ForEach(["alice", "bob"], name => File.Delete(h.Sandbox.Outside($"/home/{name}/.ssh/authorized_keys"))), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_a_group_that_is_not_there() =>
        RefusedAsync("there is no group 'nobodyies'", _ => { }, [SetupHost.BreakGlass, "--ask=nobodyies"]);

    [Fact]
    public Task With_an_exemption_for_nobody() =>
        RefusedAsync("there is no account 'bobb'", _ => { }, [SetupHost.BreakGlass, "--exempt=bobb:2099-01-01:x"]);

    [Fact]
    public Task With_enrolment_that_has_no_end() =>
        RefusedAsync("cannot use 'allow'", _ => { }, [SetupHost.BreakGlass, "--enrolment=allow"]);

    [Fact]
    public Task With_a_module_in_front_that_suffices() => RefusedAsync(
        "leads past pam_sallyport.so", h => Pam(h, "@include common-auth", "auth sufficient pam_permit.so\n@include common-auth"), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_google_authenticators_line_that_suffices() => RefusedAsync(
        "leads past pam_sallyport.so",
        h => Pam(h, "@include common-auth", "auth sufficient pam_google_authenticator.so\n@include common-auth"), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_a_layout_that_is_not_known() =>
        RefusedAsync("this layout is not known", h => Pam(h, "@include common-auth", "auth required pam_unix.so"), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_secrets_in_a_place_of_their_own() => RefusedAsync(
        "secret= is kept by hand",
        h => Pam(h, "@include common-auth", "auth required pam_google_authenticator.so secret=/var/x/${USER}"), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_a_configuration_that_is_wrong() => RefusedAsync(
        "sallyport.conf:1: unknown section", h => h.Sandbox.Write(SetupHost.Policy, "[x]\n", (UnixFileMode)0x180), [SetupHost.BreakGlass]);

    [Fact]
    public Task With_a_link_in_the_place_of_a_file() => RefusedAsync(
        "cannot read /etc/pam.d/sshd", h => File.Move(h.Sandbox.Outside(SetupHost.Pam), h.Sandbox.Outside("/etc/pam.d/sshd-real")),
        [SetupHost.BreakGlass], after: h => File.CreateSymbolicLink(h.Sandbox.Outside(SetupHost.Pam), "sshd-real"));

    [Fact]
    public async Task What_the_drop_in_cannot_win_over_is_seen()
    {
        await using SetupHost host = await SetupHost.StartAsync(
            change: h => h.Sandbox.Write("/etc/ssh/sshd_config.d/05-mine.conf", "AuthenticationMethods publickey\n"));
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("key-alone-refused (/etc/ssh/sshd_config.d/05-mine.conf:1)", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_folder_that_is_a_link_is_not_written_to_while_its_copy_is_looked_at()
    {
        const string look = "find /srv /etc/ssh -printf '%p %M %T@ %C@\\n' | sort";
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", "mv /etc/ssh/sshd_config.d /srv/drop-ins; ln -s /srv/drop-ins /etc/ssh/sshd_config.d");
        string before = await host.Sandbox.RunAsync("sh", "-c", look);

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("/etc/ssh/sshd_config.d is a symbolic link", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await host.Sandbox.RunAsync("sh", "-c", look));
    }

    [Theory]
    [InlineData("--exempt=bob")]
    [InlineData("--exempt=bob:tomorrow:x")]
    [InlineData("--json")]
    [InlineData("--unconfirmed")]
    [InlineData("--hop=never")]
    [InlineData("again")]
    [InlineData("confirm", "--yes")]
    [InlineData("--from-this-host")]
    [InlineData("undo", "--from-this-host")]
    [InlineData("--force-command", "--bastion")]
    [InlineData("status", "--from-this-host")]
    public async Task A_wrong_command_line(params string[] words)
    {
        (int exit, string said) = await PlainAsync(words);

        Assert.Equal(64, exit);
        Assert.Contains("usage: sallyport setup", said, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Errors)> PlainAsync(string[] words)
    {
        Dev.Command command = await Dev.Command.RunAsync(Built.Command, ["setup", .. words]);
        return (command.ExitCode, command.Error);
    }

    private static void Pam(SetupHost host, string line, string by) => host.Sandbox.Write(
        SetupHost.Pam, host.Sandbox.Read(SetupHost.Pam).Replace(line, by, StringComparison.Ordinal));

    /// <summary>A Match line wins over what setup writes: by one step, or by one that nobody can take.</summary>
    [Theory]
    [InlineData("Match User alice\n    PasswordAuthentication yes\n    AuthenticationMethods password\n", "setup: code-alone (/etc/ssh/sshd_config")]
    [InlineData("Match User bob\n    AuthenticationMethods publickey\n", "setup: key-alone-refused (/etc/ssh/sshd_config")]
    [InlineData("Match Address *,!127.0.0.1\n    KbdInteractiveAuthentication no\n", "setup: keyboard-interactive-off (/etc/ssh/sshd_config")]
    public Task With_a_match_line_that_would_win(string lines, string why) => RefusedAsync(
        why, h => h.Sandbox.Write(SetupHost.Config, h.Sandbox.Read(SetupHost.Config) + lines), [SetupHost.BreakGlass]);

    private static async Task RefusedAsync(
        string why, Action<SetupHost> change, string[] words, Action<SetupHost>? after = null)
    {
        await using SetupHost host = await SetupHost.StartAsync(change: h =>
        {
            change(h);
            after?.Invoke(h);
        });
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(words);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
    }
}
