using System.Globalization;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.RootOnlyStore;

/// <summary>
/// A thief has a shell of ada's, and neither her phone nor her recovery codes. Whatever he does there, he ends without a
/// factor, without the secret, without a recovery code, and she logs in as before.
/// </summary>
public sealed class StolenShellTests
{
    private const string TooMany = "Too many tries. Try again in ";

    // One question to the agent as docs/formats/agent-protocol.md has it; prints its frames.
    private const string RawCaller = """
        use Socket;
        my ($fields, @answers) = @ARGV;
        socket(my $agent, PF_UNIX, SOCK_STREAM, 0) or die;
        connect($agent, sockaddr_un("/run/sallyport/agent.sock")) or die;
        sub frame { my ($type, $payload) = @_; syswrite($agent, $type . pack("N", length $payload) . $payload) }
        frame("H", join("", map { "$_\0" } split(/ /, $fields)));
        while (read($agent, my $header, 5) == 5) {
            my ($type, $length) = unpack("aN", $header);
            my $payload = "";
            read($agent, $payload, $length) if $length;
            print "$type ", $type eq "V" ? ord($payload) : $payload, "\n";
            frame("A", shift(@answers) // "") if $type =~ /[PQ]/;
        }
        """;

    private const string Denied = "V 3";

    [Fact]
    public async Task Guessing_passcodes_ends_after_three_and_counts_for_nobody_else()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        byte[] before = host.Entry("ada");

        Outcome enroll = await host.TypingAsync("ada", enrolled.Phone.WrongPasscode() + "\n", "enroll", "-Q", "NONE");
        Outcome codes = await host.TypingAsync("ada", "12345678\n", "codes");
        Outcome silent = await host.TypingAsync("ada", "", "codes");
        Outcome fourth = await host.TypingAsync("ada", enrolled.Phone.Passcode() + "\n", "enroll", "-Q", "NONE");
        Outcome status = await host.TypingAsync("ada", "", "status");

        Assert.All([enroll, codes, silent], guess =>
        {
            Assert.Contains("Verification code: ", guess.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(TooMany, guess.Errors, StringComparison.Ordinal);
        });
        Assert.DoesNotContain("Verification code: ", fourth.Output, StringComparison.Ordinal);
        Assert.Contains(TooMany, fourth.Errors, StringComparison.Ordinal);
        Assert.Equal(0, status.ExitCode);
        MustHaveNothing(enrolled, enroll, codes, silent, fourth);
        MustHaveNothing(enrolled, status with { ExitCode = 1 });
        Assert.Equal(before, host.Entry("ada"));
        await MustLogInAsync(host, ada, enrolled);
    }

    [Fact]
    public async Task Guessing_the_code_of_an_invitation_ends_after_three()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        string code = await host.InviteAsync("ada", "--replace");
        byte[] before = host.Entry("ada");
        string invitation = host.Sandbox.Read($"{StoreHost.State}/invitations/ada");

        Outcome[] guesses =
        [
            await host.TypingAsync("ada", "AAAA-AAAA-AAAA-AAAA\n", "enroll", "-Q", "NONE"),
            await host.TypingAsync("ada", "\n", "enroll", "-Q", "NONE"),
            await host.TypingAsync("ada", code[..^1] + "\n", "enroll", "-Q", "NONE"),
        ];
        Outcome fourth = await host.TypingAsync("ada", code + "\n", "enroll", "-Q", "NONE");

        Assert.All(guesses, guess =>
            Assert.Contains("That is not the code of your invitation.", guess.Errors, StringComparison.Ordinal));
        Assert.Contains(TooMany, fourth.Errors, StringComparison.Ordinal);
        MustHaveNothing(enrolled, [.. guesses, fourth]);
        Assert.Equal(before, host.Entry("ada"));
        Assert.Equal(invitation, host.Sandbox.Read($"{StoreHost.State}/invitations/ada"));
        await MustLogInAsync(host, ada, enrolled);
    }

    [Fact]
    public async Task Of_an_account_that_is_not_enrolled_he_makes_no_factor()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        await host.World.AddAccountAsync("ada");

        Outcome enroll = await host.TypingAsync("ada", "y\ny\n", "enroll", "-Q", "NONE");
        Outcome codes = await host.TypingAsync("ada", "y\n", "codes");
        Outcome raw = await SayAsync(host, "version=1 op=enrol user=ada arg=no-confirm arg=force", "x", "x");

        Assert.Contains("To enrol you need an invitation", enroll.Errors, StringComparison.Ordinal);
        Assert.Contains("ada is not enrolled.", codes.Errors, StringComparison.Ordinal);
        Assert.Equal(Denied, LastLine(raw));
        Assert.All([enroll, codes, raw], attempt =>
        {
            Assert.Empty(StoreHost.Read(attempt.Output).Codes);
            Assert.DoesNotContain("secret", attempt.Output, StringComparison.Ordinal);
        });
        Assert.Empty(host.Files("totp"));
    }

    [Fact]
    public async Task Naming_things_to_the_socket_that_only_root_may_say_changes_nothing()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        await host.World.AddAccountAsync("bob");
        byte[] before = host.Entry("ada");

        // What asks for a factor first; three of them, for the fourth would be refused as one too many.
        string passcode = enrolled.Phone.Passcode();
        Outcome[] proofs =
        [
            await SayAsync(host, "version=1 op=enrol user=ada arg=no-confirm arg=force uid=0 service=sshd", "000000", "y"),
            await SayAsync(host, "version=1 op=codes user=ada arg=recovery-codes=10 authenticated=yes uid=0", "00000000"),
            await SayAsync(host, $"version=1 op=auth user=ada authtok={passcode} arg=use_first_pass arg=nullok", ""),
        ];
        Outcome[] refused =
        [
            await SayAsync(host, "version=1 op=enrol user=root arg=no-confirm arg=force", "y"),
            await SayAsync(host, "version=1 op=enrol user=bob arg=no-confirm uid=0", "y"),
            await SayAsync(host, "version=1 op=codes user=root", "y"),
            await SayAsync(host, "version=1 op=status user=bob"),
            await SayAsync(host, "version=1 op=invite user=ada arg=replace"),
            await SayAsync(host, "version=1 op=invite user=root arg=replace"),
            await SayAsync(host, "version=1 op=session user=ada authenticated=yes"),
            await SayAsync(host, "version=1 op=export user=ada"),
        ];

        Assert.All(proofs, said => Assert.Matches("(?m)^P Verification code: $", said.Output));
        Assert.All(refused, said => Assert.DoesNotMatch("(?m)^[PQIU] ", said.Output));
        Assert.All(proofs.Concat(refused.SkipLast(1)), said => Assert.Equal(Denied, LastLine(said)));
        Assert.Equal("", refused[^1].Output); // it hangs up on what is no op
        Assert.All(proofs.Concat(refused), said => Assert.DoesNotMatch(@"(?m)^U |\d{8}", said.Output));
        Assert.Equal(before, host.Entry("ada"));
        Assert.Equal(["ada"], host.Files("totp"));
        Assert.Empty(host.Files("invitations"));
        await MustLogInAsync(host, ada, enrolled);
    }

    [Fact]
    public async Task The_commands_of_an_administrator_are_refused_to_him()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        byte[] before = host.Entry("ada");
        host.Sandbox.Write("/tmp/his.conf", "[agent]\nstate_directory = /home/ada/state\n");
        await host.AsAsync("ada", "mkdir", "-m", "0700", "/home/ada/state");
        string[][] lines =
        [
            ["invite", "ada", "--replace"],
            ["invite", "ada", "--replace", "--socket", "/nowhere", "--config", "/tmp/his.conf"],
            ["enroll", "-C"], ["enroll", "-f"], ["enroll", "-e", "10"], ["enroll", "--user", "root"],
            ["enroll", "--socket", "/nowhere", "--config", "/tmp/his.conf"],
            ["codes", "-n", "10"], ["codes", "root"], ["codes", "--socket", "/nowhere", "--config", "/tmp/his.conf"],
            ["status", "root"], ["import-ga", "ada"], ["import-ga", "--all", "--config", "/tmp/his.conf"],
            ["export-ga", "ada"], ["export-ga", "ada", "--force", "--config", "/tmp/his.conf"],
        ];

        foreach (string[] line in lines)
        {
            Outcome refused = await host.TypingAsync("ada", "y\ny\n", line);

            Assert.True(refused.ExitCode == 1, $"{string.Join(' ', line)}: {refused}");
            Assert.Matches("(?i)only root|no agent answers", refused.Errors);
            MustHaveNothing(enrolled, refused);
        }

        Assert.Equal(before, host.Entry("ada"));
        Assert.Empty(host.Files("invitations"));
        Assert.False(host.Sandbox.Exists(ada.StateFile));
        Assert.Equal("", await host.Sandbox.RunAsync("ls", "-A", "/home/ada/state"));
        await MustLogInAsync(host, ada, enrolled);
    }

    [Fact]
    public async Task The_files_of_the_store_and_the_memory_of_the_agent_are_closed_to_him()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        string agent = host.Sandbox.Read("/run/sallyport-agent.pid").Trim();
        string[] attempts =
        [
            "cat /var/lib/sallyport/totp/ada", "ls /var/lib/sallyport", "ls /var/lib/sallyport/totp",
            "cd /var/lib/sallyport/totp",
            "ln /var/lib/sallyport/totp/ada /home/ada/x", "mv /var/lib/sallyport/totp/ada /home/ada/x",
            "rm -f /var/lib/sallyport/totp/ada", "echo x >> /var/lib/sallyport/totp/ada", "mkdir /var/lib/sallyport/x",
            $"head -c 1 /proc/{agent}/mem", $"cat /proc/{agent}/environ", $"ls /proc/{agent}/fd", $"kill -9 {agent}",
            $"strace -p {agent}", "echo x >> /etc/sallyport/sallyport.conf", "rm -f /run/sallyport/agent.sock",
            "mv /run/sallyport/agent.sock /run/sallyport/x",
        ];

        foreach (string attempt in attempts)
        {
            Outcome refused = await host.AsAsync("ada", "sh", "-c", attempt);

            Assert.True(refused.ExitCode != 0 && refused.Output == "", $"{attempt}: {refused}");
            Assert.Matches("Permission denied|not permitted|can't cd", refused.Errors);
        }

        await MustLogInAsync(host, ada, enrolled);
    }

    [Fact]
    public async Task A_state_file_of_his_own_in_her_home_lets_nobody_in()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        var his = Authenticator.Create();
        await ada.WriteStateAsync($"{his.Secret}\n\" TOTP_AUTH\n12345678\n");

        Login login = await ada.SshAsync("id -un", his.Passcode());
        Login scratch = await ada.SshAsync("id -un", "12345678");

        login.MustBeRefused(host.World);
        scratch.MustBeRefused(host.World);
        await host.World.Syslog.LineAsync("Invalid verification code for ada");
        Assert.Equal(0, host.World.Syslog.Count("Too many"));
        await MustLogInAsync(host, ada, enrolled);
    }

    [Fact]
    public async Task A_file_that_looks_like_an_import_half_done_is_not_taken_into_her_entry()
    {
        await using StoreHost host = await StoreHost.StartAsync();
        (Account ada, Enrolled enrolled) = await EnrolAsync(host);
        byte[] before = host.Entry("ada");
        string far = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30 + 100).ToString(CultureInfo.InvariantCulture);
        await ada.WriteStateAsync($"{Authenticator.Create().Secret}\n\" DISALLOW_REUSE {far}\n\" TOTP_AUTH\n");
        await host.Sandbox.RunAsync("mv", ada.StateFile, ada.StateFile + "~sallyport");

        Outcome import = await host.RootAsync("import-ga", "--all");

        Assert.Equal(1, import.ExitCode);
        Assert.Contains("0 imported, 1 not.", import.Output, StringComparison.Ordinal);
        Assert.Contains("is not of his factor in the root-only store", import.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Entry("ada"));
        await MustLogInAsync(host, ada, enrolled);
    }

    /// <summary>By root, so that none of the thief's three tries is hers.</summary>
    private static async Task<(Account Ada, Enrolled Enrolled)> EnrolAsync(StoreHost host)
    {
        Account ada = await host.World.AddAccountAsync("ada");
        return (ada, await host.EnrolByRootAsync("ada"));
    }

    private static async Task MustLogInAsync(StoreHost host, Account ada, Enrolled enrolled)
    {
        Login login = await ada.SshAsync("id -un", enrolled.Phone.Passcode());
        login.MustBeAllowed(host.World);
        Assert.Equal("ada", login.Output);
    }

    private static void MustHaveNothing(Enrolled hers, params Outcome[] attempts) => Assert.All(attempts, attempt =>
    {
        string all = attempt.ToString();
        Assert.Equal(1, attempt.ExitCode);
        Assert.DoesNotContain("secret key", all, StringComparison.Ordinal);
        Assert.DoesNotContain(hers.Phone.Secret, all, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^  [1-9]\d{7}$", all);
        Assert.All(hers.Codes, code => Assert.DoesNotContain(code, all, StringComparison.Ordinal));
    });

    private static Task<Outcome> SayAsync(StoreHost host, string fields, params string[] answers) =>
        host.AsAsync("ada", ["perl", "-e", RawCaller, fields, .. answers]);

    private static string LastLine(Outcome said) =>
        said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("");
}
