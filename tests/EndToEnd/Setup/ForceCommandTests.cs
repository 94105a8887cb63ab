using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>A host on which sallyport-login asks, as sshd's ForceCommand: what comes before it, and who is never given it.</summary>
public sealed class Given_a_setup_by_ForceCommand : IAsyncLifetime
{
    private const string Banner = "SSH-2.0-";

    private SetupHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await SetupHost.StartAsync();
        await _host.SetUpAsync("--force-command");
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_right_passcode_gets_a_shell_and_another_does_not()
    {
        Outcome wrong = await TypingAsync("alice", "000000", "id -un");
        Outcome right = await TypingAsync("alice", _host.Phone.Passcode(), "id -un; tty >/dev/null && echo at-a-'terminal'");

        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("Verification code: ", wrong.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\nalice\r", wrong.Output, StringComparison.Ordinal);
        Assert.True(right.ExitCode == 0, right.ToString());
        Assert.Contains("\nalice\r", right.Output, StringComparison.Ordinal);
        Assert.Contains("at-a-terminal", right.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_no_factor_is_kept_out()
    {
        Outcome refused = await TypingAsync("bob", "000000", "id -un");

        Assert.Equal(1, refused.ExitCode);
        Assert.DoesNotContain("\nbob\r", refused.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_no_terminal_is_refused_without_a_passcode_and_runs_with_one()
    {
        await _host.Sandbox.RunAsync("sh", "-c", "echo content >/home/alice/file");
        Login alone = await _host.LoginAsync("alice");
        Assert.True(alone is { ExitCode: 1, Output: "", Prompts: [] }, alone.ToString());
        Outcome wrong = await WithPasscodeAsync("000000", "ssh", $"alice@{Away.Host}", "id -un");
        Assert.True(wrong is { ExitCode: 1, Output: "" }, wrong.ToString());

        (string[] Words, string Output)[] runs =
        [
            (["ssh", $"alice@{Away.Host}", "id -un; echo ${DUO_PASSCODE:-gone}"], "alice\ngone\n"),
            (["scp", "-q", $"alice@{Away.Host}:file", "/tmp/by-sftp"], ""),
            (["scp", "-q", "-O", $"alice@{Away.Host}:file", "/tmp/by-scp"], ""),
            (["sftp", "-q", "-b", "/dev/null", $"alice@{Away.Host}"], ""),
        ];
        foreach ((string[] words, string output) in runs)
        {
            _host.ForgetPasscode();
            await AnotherAgentAsync();
            Outcome run = await WithPasscodeAsync(_host.Phone.Passcode(), words);
            Assert.True(run.ExitCode == 0 && run.Output == output, $"{string.Join(' ', words)}: {run}");
        }

        Assert.Equal("content\n", _host.Sandbox.Read("/tmp/by-sftp"));
        Assert.Equal("content\n", _host.Sandbox.Read("/tmp/by-scp"));
    }

    [Fact]
    public async Task The_break_glass_account_is_never_forced_and_needs_no_agent()
    {
        string effective = await _host.Sandbox.RunAsync("/usr/sbin/sshd", "-T", "-C", "user=ops,host=h,addr=203.0.113.7");
        Assert.Contains("\nforcecommand none\n", effective, StringComparison.Ordinal);
        Assert.Contains("\nallowtcpforwarding yes\n", effective, StringComparison.Ordinal);

        await _host.Agent.KillAsync();
        Login glass = await _host.LoginAsync("ops");
        Login alice = await _host.LoginAsync("alice");

        Assert.True(glass.ExitCode == 0 && glass.Output.EndsWith("ops", StringComparison.Ordinal), glass.ToString());
        AssertRefused(alice, "alice");
    }

    /// <summary>Before anybody is asked: with the key alone.</summary>
    [Fact]
    public async Task Nothing_is_forwarded_before_the_factor()
    {
        Login through = await _host.Client.RunAsync(Away.Ssh("-o", "BatchMode=yes", "-W", "127.0.0.1:22", $"alice@{Away.Host}"));
        Assert.DoesNotContain(Banner, through.Output, StringComparison.Ordinal);
        Assert.Contains("administratively prohibited", through.Errors, StringComparison.Ordinal);

        foreach (string[] forward in (string[][])[["-L", "7001:127.0.0.1:22"], ["-D", "7001"], ["-L", "7001:/run/sallyport/agent.sock"]])
        {
            Assert.DoesNotContain(Banner, await BesideAsync(forward, "none"), StringComparison.Ordinal);
        }

        foreach (string[] forward in (string[][])[["-R", "7001:127.0.0.1:22"], ["-R", "/tmp/back:127.0.0.1:22"], ["-w", "any"]])
        {
            Login refused = await _host.Client.RunAsync(
                Away.Ssh(["-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-N", .. forward, $"alice@{Away.Host}"]));
            Assert.Equal(255, refused.ExitCode);
        }
    }

    [Fact]
    public async Task Nor_after_it()
    {
        string passcode = _host.Phone.Passcode();
        string seen = await BesideAsync(["-o", "SendEnv=DUO_PASSCODE", "-L", "7001:127.0.0.1:22"], passcode, "echo she-is-in; sleep 5");

        Assert.Contains("she-is-in", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Banner, seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_the_account_is_not_run_before_it()
    {
        _host.Sandbox.Write("/home/alice/.ssh/rc", "touch /tmp/rc-ran\n");
        _host.Sandbox.Write("/home/alice/.ssh/environment", "LD_PRELOAD=/tmp/mine.so\nMINE=yes\n");
        _host.ForgetPasscode();

        Outcome run = await WithPasscodeAsync(_host.Phone.Passcode(), "ssh", $"alice@{Away.Host}", "echo mine=$MINE");

        Assert.Equal("mine=\n", run.Output);
        Assert.False(_host.Sandbox.Exists("/tmp/rc-ran"));
    }

    [Fact]
    public async Task The_passcode_that_sallyport_login_has_seen_confirms_and_a_key_alone_does_not()
    {
        Login glass = await _host.SshAsync("ops", "sudo sallyport setup confirm");
        Assert.NotEqual(0, glass.ExitCode);

        Outcome confirmed = await TypingAsync("alice", _host.Phone.Passcode(), "sudo sallyport setup confirm");

        Assert.Contains("Confirmed: it stays.", confirmed.Output, StringComparison.Ordinal);
        Assert.Contains("setup: confirmed", (await _host.SetupAsync("status")).Output, StringComparison.Ordinal);
        // What an earlier setup was told stays.
        await _host.SetUpAsync("--exempt=bob:2099-01-01:backup at night");
        Assert.Contains("ForceCommand /usr/sbin/sallyport-login", _host.Sandbox.Read(SetupHost.DropIn), StringComparison.Ordinal);
        Assert.Equal("bob", (await _host.LoginAsync("bob")).Output);
    }

    [Fact]
    public async Task An_account_that_is_exempt_no_more_is_refused_though_sshd_lets_its_key_in()
    {
        await _host.SetupAsync("undo");
        await _host.SetUpAsync("--force-command", "--exempt=bob:2099-01-01:backup at night");
        Assert.Equal("bob", (await _host.LoginAsync("bob")).Output);

        await _host.Sandbox.RunAsync("sed", "-i", "/exempt bob/,$d", SetupHost.Policy);
        Login refused = await _host.LoginAsync("bob");

        AssertRefused(refused, "bob");
    }

    [Fact]
    public async Task Doctor_finds_no_way_around_it_and_finds_one_when_the_command_goes()
    {
        Outcome well = await _host.Sandbox.TryAsync("sallyport", "doctor", "--user=alice");
        _host.Sandbox.Write("/etc/ssh/sshd_config.d/50-mine.conf", "AcceptEnv LANG BASH_ENV\n");
        Outcome preloaded = await _host.Sandbox.TryAsync("sallyport", "doctor", "--user=alice");
        await _host.Sandbox.RunAsync("sed", "-i", "/ForceCommand/d", SetupHost.DropIn);
        Outcome open = await _host.Sandbox.TryAsync("sallyport", "doctor", "--user=alice");

        Assert.DoesNotContain("key-alone", well.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("accept-env", well.Output, StringComparison.Ordinal);
        Assert.Contains("AcceptEnv BASH_ENV", preloaded.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("pam-missing", well.Output, StringComparison.Ordinal);
        Assert.Contains("key-alone", open.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("key-alone-refused", open.Output, StringComparison.Ordinal);
    }

    // PAM's motd may be there; the command has not run.
    private static void AssertRefused(Login login, string user) =>
        Assert.True(login.ExitCode >= 254 && !login.Output.Split('\n').Contains(user), login.ToString());

    /// <summary>What a forward that was asked for lets through, while that ssh runs.</summary>
    private async Task<string> BesideAsync(string[] forward, string passcode, string? command = null)
    {
        string[] words = ["-o", "BatchMode=yes", .. forward, .. command is null ? (string[])["-N"] : [], $"alice@{Away.Host}", .. command is null ? [] : (string[])[command]];
        Outcome outcome = await _host.Sandbox.TryAsync(["env", $"DUO_PASSCODE={passcode}", .. Away.Enter.Split(' '), "bash", "-c", """
            ssh "$@" >/tmp/said & ssh=$!
            for i in $(seq 50); do (: >/dev/tcp/127.0.0.1/7001) 2>/dev/null && break; sleep 0.05; done
            for i in $(seq 50); do case "$*" in *she-is-in*) grep she-is-in /tmp/said && break; sleep 0.05;; esac; done
            # As a client of SOCKS it asks for 127.0.0.1:22.
            (exec 5<>/dev/tcp/127.0.0.1/7001 && printf '\4\1\0\26\177\0\0\1\0' >&5 && timeout 1 head -c 64 <&5 | tr -d '\0')
            kill $ssh; wait $ssh
            """, "bash", .. words]);
        return outcome.Output;
    }

    /// <summary>As if half a minute had gone by: who is not root tries three times in that.</summary>
    private async Task AnotherAgentAsync()
    {
        await _host.Agent.KillAsync();
        await _host.Agent.StartAsync();
    }

    private Task<Outcome> TypingAsync(string user, string passcode, string command) => _host.Sandbox.TryAsync(
        ["sh", "-c", "printf '%s\\n' \"$1\" \"$2; exit\" | (shift 2; exec \"$@\")", "sh", passcode, command,
            .. Away.Ssh("-tt", "-o", "BatchMode=yes", $"{user}@{Away.Host}")]);

    private Task<Outcome> WithPasscodeAsync(string passcode, params string[] words) => _host.Sandbox.TryAsync(
        ["env", $"DUO_PASSCODE={passcode}", .. Away.Enter.Split(' '), words[0], "-o", "SendEnv=DUO_PASSCODE", "-o", "BatchMode=yes", .. words[1..]]);
}

/// <summary>What --force-command refuses, tells and takes back; what it wants is that of sshd's files and of its people.</summary>
public sealed class Given_a_host_for_ForceCommand
{
    private const string Mine = "/etc/ssh/sshd_config.d/50-mine.conf";

    [Theory]
    [InlineData("debian12")]
    [InlineData("debian13")]
    public async Task Undo_puts_every_file_back_byte_by_byte(string layout)
    {
        await using SetupHost host = await SetupHost.StartAsync(layout);
        Dictionary<string, string> before = host.Snapshot();

        await host.SetUpAsync("--force-command");
        Assert.NotEqual(before, host.Snapshot());
        Outcome undone = await host.SetupAsync("undo");

        Assert.True(undone.ExitCode == 0, undone.ToString());
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
        Assert.Equal("alice", (await host.LoginAsync("alice")).Output);
    }

    [Fact]
    public async Task On_top_of_a_setup_by_PAM_nobody_is_asked_twice_and_undo_leads_back_to_that()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.SetUpAsync();
        Assert.Equal(0, (await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode())).ExitCode);
        Dictionary<string, string> byPam = host.Snapshot();

        await host.SetUpAsync("--force-command");
        Login alone = await host.LoginAsync("alice");
        await host.SetupAsync("undo");

        Assert.True(alone is { ExitCode: 1, Prompts: [] }, alone.ToString());
        Assert.DoesNotContain("auth ", host.Sandbox.Read(SetupHost.DropIn), StringComparison.Ordinal);
        Assert.Equal(byPam, host.Snapshot());
        await host.AssertReachableAsync();
    }

    [Fact]
    public async Task With_groups_only_their_members_are_forced_and_others_need_their_key()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", "groupadd people; usermod -a -G people alice");

        await host.SetUpAsync("--force-command", "--ask=people");

        Assert.Equal(1, (await host.LoginAsync("alice")).ExitCode);
        Assert.Equal("bob", (await host.LoginAsync("bob")).Output);
        // sallyport.conf alone has changed: who would be asked by nobody does not get in.
        await host.Sandbox.RunAsync("sed", "-i", "s/^ask = .*/ask = all/", SetupHost.Policy);
        Assert.True((await host.LoginAsync("bob")).ExitCode >= 254);
    }

    /// <summary>sshd knows a group by the first name of its number, and gives those of the second no command.</summary>
    [Fact]
    public async Task Who_is_in_the_group_by_another_name_than_sshd_has_for_it_does_not_get_in_by_his_key()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", "groupadd people; usermod -a -G people alice");
        await host.SetUpAsync("--force-command", "--ask=people");

        await host.Sandbox.RunAsync(
            "sh", "-ec", "sed -i \"1i team:x:$(getent group people | cut -d: -f3):alice\" /etc/group");

        Assert.True((await host.LoginAsync("alice")).ExitCode >= 254);
    }

    [Fact]
    public Task Internal_sftp_is_refused_with_what_to_write() => RefusedAsync(
        "Make the line: Subsystem sftp /usr/lib/openssh/sftp-server",
        h => h.Sandbox.Write(SetupHost.Config, h.Sandbox.Read(SetupHost.Config).Replace(
            "Subsystem\tsftp\t/usr/lib/openssh/sftp-server", "Subsystem sftp internal-sftp", StringComparison.Ordinal)));

    [Theory]
    [InlineData("AcceptEnv LANG BASH_*\n", "50-mine.conf:1: AcceptEnv BASH_*")]
    [InlineData("Match User alice\n    AcceptEnv *\n", "50-mine.conf:2: AcceptEnv *")]
    [InlineData("AcceptEnv L*\n", "50-mine.conf:1: AcceptEnv L*")] // LD_PRELOAD
    public Task A_variable_that_a_shell_obeys_is_refused(string lines, string why) =>
        RefusedAsync(why, h => h.Sandbox.Write(Mine, lines));

    [Theory]
    [InlineData("Match User alice\n    ForceCommand internal-sftp\n", "50-mine.conf:2: forcecommand internal-sftp is for alice too")]
    [InlineData("Match Group bob\n    ChrootDirectory /srv\n", "50-mine.conf:2: chrootdirectory /srv is for bob too")]
    [InlineData("ForceCommand /usr/sbin/login_duo\n", "forcecommand /usr/sbin/login_duo is for")]
    public Task A_command_or_a_root_of_somebody_who_is_asked_is_refused(string lines, string why) =>
        RefusedAsync(why, h => h.Sandbox.Write(Mine, lines));

    [Fact]
    public async Task A_line_that_would_force_the_break_glass_account_too_is_refused()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        host.Sandbox.Write("/etc/ssh/sshd_config.d/05-mine.conf",
            "Match User ops\n    ForceCommand /usr/sbin/sallyport-login\n    DisableForwarding yes\n");
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass, "--force-command");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("the break-glass account ops was not let in", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
    }

    [Fact]
    public Task Without_the_program_it_is_refused() =>
        RefusedAsync("/usr/sbin/sallyport-login is not there", h => File.Delete(h.Sandbox.Outside("/usr/sbin/sallyport-login")));

    [Fact]
    public Task A_program_that_others_can_change_is_refused() => RefusedAsync(
        "not root's alone", h => File.SetUnixFileMode(h.Sandbox.Outside("/usr/sbin/sallyport-login"), (UnixFileMode)0x1FF));

    [Fact]
    public Task Where_nobody_has_anything_to_prove_it_is_refused() => RefusedAsync(
        "nobody who would be asked has a passcode on this host", h => File.Delete(h.Sandbox.Outside("/var/lib/sallyport/totp/alice")));

    [Fact]
    public async Task An_earlier_bastion_is_refused()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.SetUpAsync("--bastion");
        Assert.Equal(0, (await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode())).ExitCode);

        Outcome refused = await host.SetupAsync("--force-command");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--bastion of an earlier setup", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exempt_account_keeps_its_command_and_the_plan_names_who_loses_his_limit_or_has_no_factor()
    {
        await using SetupHost host = await SetupHost.StartAsync(
            change: h => h.Sandbox.Write(Mine, "Match User bob\n    ForceCommand echo only-this\n    DisableForwarding yes\n"));
        await host.Sandbox.RunAsync("useradd", "--create-home", "--shell", "/bin/sh", "carol");
        string key = host.Client.PublicKey;
        host.Sandbox.Write("/home/carol/.ssh/authorized_keys", $"command=\"true\" {key}\n{key}\n");

        string said = await host.SetUpAsync("--force-command", "--exempt=bob:2099-01-01:backup at night");

        said = said.ReplaceLineEndings(" ");
        Assert.Contains("command= of authorized_keys is no limit any more for carol", said, StringComparison.Ordinal);
        Assert.Contains("carol: no passcode on this host, so kept out", said, StringComparison.Ordinal);
        Assert.Equal("only-this", (await host.LoginAsync("bob")).Output);
    }

    private static async Task RefusedAsync(string why, Action<SetupHost> change)
    {
        await using SetupHost host = await SetupHost.StartAsync(change: change);
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass, "--force-command");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
    }
}
