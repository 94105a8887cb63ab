using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>Key, and then Debian's pam_duo. 255 is ssh's own status: no command ran.</summary>
public sealed class Given_a_host_with_pam_duo
{
    [Fact]
    public async Task A_passcode_lets_in_also_with_a_command()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");

        Login login = await host.CommandAsync("alice", "id -un", phone.Passcode());

        Assert.True(login.ExitCode == 0, $"{login}\n{host.Syslog}");
        Assert.Equal("alice", login.Output);
        Assert.EndsWith("Duo two-factor login for alice\n\nPasscode: ", login.Prompts[0], StringComparison.Ordinal);
        Assert.Equal(
            ["success valid_passcode duo_mobile_passcode alice shell 127.0.0.1"], await host.Server.AuditAsync());
    }

    [Theory]
    [InlineData("scp /root/letter alice@server:letter")]
    [InlineData("scp -O /root/letter alice@server:letter")]
    [InlineData("echo 'put /root/letter letter' | sftp -o BatchMode=no -b - alice@server")]
    [InlineData("rsync /root/letter alice@server:letter")]
    public async Task Facts_0_9_what_carries_a_file_asks_once_and_carries_it(string command)
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        host.Sandbox.Write("/root/letter", "Dear Bob");

        Login scp = await host.Client.RunAsync(["sh", "-c", command], phone.Passcode());

        Assert.True(scp.ExitCode == 0, $"{scp}\n{host.Syslog}");
        Assert.Single(scp.Prompts);
        Assert.Equal("Dear Bob", host.Sandbox.Read("/home/alice/letter"));
    }

    [Fact]
    public async Task A_wrong_one_a_replayed_one_and_none_do_not()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        string used = phone.Passcode();
        Assert.Equal(0, (await host.CommandAsync("alice", "true", used)).ExitCode);

        Login wrong = await host.CommandAsync("alice", "id", phone.WrongPasscode());
        Login replayed = await host.CommandAsync("alice", "id", used);
        Login none = await host.CommandAsync("alice", "id");

        Assert.All([wrong, replayed, none], login => Assert.Equal((255, ""), (login.ExitCode, login.Output)));
        string[] audit = await host.Server.AuditAsync();
        Assert.StartsWith("success", audit[0], StringComparison.Ordinal);
        Assert.All(audit[1..], row => Assert.StartsWith("denied", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bypass_code_does_once()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        await host.EnrolAsync("alice");
        string code = await host.Server.AddBypassCodeAsync("alice");

        Login first = await host.CommandAsync("alice", "id -un", code);
        Login second = await host.CommandAsync("alice", "id -un", code);

        Assert.Equal((0, 255), (first.ExitCode, second.ExitCode));
    }

    [Theory]
    [InlineData("unknown", "deny_unenrolled_user")]
    [InlineData("invited", "deny_unenrolled_user")]
    [InlineData("disabled", "user_disabled")]
    public async Task Who_has_no_say_is_refused_without_a_prompt(string who, string reason)
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        await host.AddAccountAsync("bob");
        if (who != "unknown")
        {
            await host.Server.RunAsync("user", "add", "bob");
            await host.Server.RunAsync("user", who == "invited" ? "invite" : "disable", "bob");
        }

        Login login = await host.CommandAsync("bob", "id");

        Assert.Equal((255, ""), (login.ExitCode, login.Output));
        Assert.DoesNotContain(login.Prompts, prompt => prompt.Contains("Passcode", StringComparison.Ordinal));
        string[] audit = await host.Server.AuditAsync();
        Assert.NotEmpty(audit);
        Assert.All(audit, row => Assert.StartsWith($"denied {reason}", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_is_invited_is_shown_the_link()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        await host.AddAccountAsync("ada");
        await host.Server.RunAsync("user", "add", "ada");
        await host.Server.RunAsync("user", "invite", "ada");

        using Terminal terminal = host.OpenShell("ada");
        int exit = await terminal.EndAsync();

        Assert.Equal(255, exit);
        Assert.Contains($"Please enroll at https://{DuoServer.Host}/portal", terminal.Seen, StringComparison.Ordinal);
        Assert.Equal(200, await host.Server.AnswersAsync("/portal"));
    }

    [Fact]
    public async Task Who_is_locked_out_is_refused_without_a_prompt_until_he_is_unlocked()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        string wrong = (await host.EnrolAsync("alice")).WrongPasscode();

        // One source alone locks nobody out: five from each of two, as a host with two addresses.
        foreach (string from in new[] { "127.0.0.1", "127.0.0.2" })
        {
            for (int tries = 0; tries < 2; tries++)
            {
                await host.Client.RunAsync(["ssh", "-b", from, "alice@server", "true"], wrong, wrong, wrong);
            }
        }

        Login locked = await host.CommandAsync("alice", "id");
        string reason = (await host.Server.AuditAsync())[^1];
        await host.Server.RunAsync("user", "unlock", "alice");
        using Terminal unlocked = host.OpenShell("alice");
        await unlocked.AskedAsync("Passcode: ");

        Assert.Equal((255, ""), (locked.ExitCode, locked.Output));
        Assert.DoesNotContain(locked.Prompts, prompt => prompt.Contains("Passcode", StringComparison.Ordinal));
        Assert.Contains(" locked_out ", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_say_who_may_log_in_here()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync("--groups", "staff");
        Authenticator phone = await host.EnrolAsync("alice", "--groups", "staff");
        await host.EnrolAsync("bob", "--groups", "guests");

        Login alice = await host.CommandAsync("alice", "id -un", phone.Passcode());
        Login bob = await host.CommandAsync("bob", "id -un");

        Assert.Equal((0, "alice"), (alice.ExitCode, alice.Output));
        Assert.Equal((255, ""), (bob.ExitCode, bob.Output));
        Assert.Contains("user_not_in_permitted_group", (await host.Server.AuditAsync())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_trusted_network_nobody_is_asked_and_the_audit_says_so()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync("--trusted-network", "127.0.0.2/32");
        await host.EnrolAsync("alice");

        Login near = await host.Client.RunAsync(["ssh", "-b", "127.0.0.2", "alice@server", "id -un"]);
        Login far = await host.CommandAsync("alice", "id -un");

        Assert.Equal((0, "alice"), (near.ExitCode, near.Output));
        Assert.Equal((255, ""), (far.ExitCode, far.Output));
        Assert.Equal("success trusted_network not_available alice shell 127.0.0.2", (await host.Server.AuditAsync())[0]);
    }

    [Theory]
    [InlineData("a wrong skey", "secure", 255)]
    [InlineData("a wrong skey", "safe", 0)]
    [InlineData("another CA", "secure", 255)]
    [InlineData("another CA", "safe", 0)]
    [InlineData("no server", "secure", 255)]
    [InlineData("no server", "safe", 0)]
    public async Task Facts_0_8_what_fails_before_anybody_is_asked_is_for_failmode(string what, string failMode, int exit)
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        await host.EnrolAsync("alice");
        string section = host.Section.Replace("failmode = secure", $"failmode = {failMode}", StringComparison.Ordinal);
        await host.WriteAsync(what == "a wrong skey"
            ? string.Join('\n', section.Split('\n').Select(
                line => line.StartsWith("skey = ", StringComparison.Ordinal) ? "skey = " + new string('a', 40) : line))
            : section);
        if (what == "another CA")
        {
            await host.Sandbox.RunAsync("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Somebody else", "-keyout", "/dev/null", "-out",
                DuoHost.CaFile);
        }
        else if (what == "no server")
        {
            await host.Server.EndAsync();
        }

        Login login = await host.CommandAsync("alice", "id -un");

        Assert.Equal((exit, exit == 0 ? "alice" : ""), (login.ExitCode, login.Output));
        await host.Syslog.LineAsync(exit == 0 ? "Failsafe Duo login for 'alice'" : "Failsecure Duo login for 'alice'");
        Assert.Empty(await host.Server.AuditAsync());
    }
}
