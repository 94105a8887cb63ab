using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Server;

/// <summary>
/// Somebody at a terminal, in front of Debian's login_duo. 7 is the exit status of his own shell; 1 is login_duo's refusal.
/// The numbers in the names are those of the facts about Duo's clients.
/// </summary>
public sealed class Given_a_person_in_front_of_login_duo
{
    private const string From = "127.0.0.1";

    [Fact]
    public async Task Facts_0_1_and_0_3_a_passcode_opens_a_shell_and_the_menu_is_the_servers()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");

        (int exit, string seen) = await host.ShellAsync("alice", phone.Passcode());

        Assert.Equal(7, exit);
        Assert.StartsWith("Duo two-factor login for alice\n\nPasscode: ", seen, StringComparison.Ordinal);
        Assert.Contains("Success. Logging you in...", seen, StringComparison.Ordinal);
        Assert.Equal([$"success valid_passcode duo_mobile_passcode alice shell {From}"], await host.Server.AuditAsync());
        await host.Syslog.LineAsync("Successful Duo login for 'alice'");
    }

    [Fact]
    public async Task Facts_0_6_with_a_cafile_and_a_port_it_talks_to_this_server()
    {
        const string at = DuoServer.Host + ":8443";
        await using DuoHost host = await DuoHost.LoginDuoAsync(_ => Task.CompletedTask, "--public-host", at);
        Authenticator phone = await host.EnrolAsync("alice");

        (int exit, string seen) = await host.ShellAsync("alice", phone.Passcode());

        Assert.Contains($"\nhost = {at}\n", host.Section, StringComparison.Ordinal);
        Assert.Contains($"\ncafile = {DuoHost.CaFile}\n", host.Section, StringComparison.Ordinal);
        Assert.True(exit == 7, seen);
    }

    [Fact]
    public async Task A_wrong_passcode_is_asked_three_times_and_refused()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        string wrong = (await host.EnrolAsync("alice")).WrongPasscode();

        (int exit, string seen) = await host.ShellAsync("alice", wrong, wrong, wrong);

        Assert.Equal(1, exit);
        Assert.Equal(3, Count(seen, "Incorrect passcode. Please try again."));
        Assert.Equal(
            Enumerable.Repeat($"denied invalid_passcode duo_mobile_passcode alice shell {From}", 3),
            await host.Server.AuditAsync());
    }

    [Fact]
    public async Task A_passcode_is_good_once()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        string used = phone.Passcode();
        Assert.Equal(7, (await host.ShellAsync("alice", used)).Exit);

        (int exit, string seen) = await host.ShellAsync("alice", used, used, used);

        Assert.Equal(1, exit);
        Assert.Contains("Incorrect passcode. Please try again.", seen, StringComparison.Ordinal);
        Assert.Single(await host.Server.AuditAsync(), row => row.StartsWith("success", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bypass_code_is_good_once()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        string code = await host.Server.AddBypassCodeAsync("alice");

        (int first, _) = await host.ShellAsync("alice", code);
        (int second, _) = await host.ShellAsync("alice", code, code, code);

        Assert.Equal((7, 1), (first, second));
        string[] audit = await host.Server.AuditAsync();
        Assert.Equal($"success valid_passcode bypass_code alice shell {From}", audit[0]);
        Assert.All(audit[1..], row => Assert.StartsWith("denied", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_is_unknown_is_refused_without_a_prompt()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.AddAccountAsync("bob");

        (int exit, string seen) = await host.ShellAsync("bob");

        Assert.Equal(1, exit);
        Assert.Contains("Access denied. Ask your administrator for an invitation.", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", seen, StringComparison.Ordinal);
        Assert.Equal([$"denied deny_unenrolled_user not_available bob shell {From}"], await host.Server.AuditAsync());
        await host.Syslog.LineAsync("Aborted Duo login for 'bob'");
    }

    [Fact]
    public async Task Facts_7_11_who_is_invited_is_shown_the_link_and_refused()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.AddAccountAsync("ada");
        await host.Server.RunAsync("user", "add", "ada");
        await host.Server.RunAsync("user", "invite", "ada");

        (int exit, string seen) = await host.ShellAsync("ada");

        Assert.Equal(1, exit);
        Assert.Contains($"Please enroll at https://{DuoServer.Host}/portal", seen, StringComparison.Ordinal);
        Assert.Equal([$"denied deny_unenrolled_user not_available ada shell {From}"], await host.Server.AuditAsync());
    }

    [Fact]
    public async Task Facts_1_6_who_is_disabled_reads_so()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        await host.EnrolAsync("alice");
        await host.Server.RunAsync("user", "disable", "alice");

        (int exit, string seen) = await host.ShellAsync("alice");

        Assert.Equal(1, exit);
        Assert.Contains("Your account is disabled.", seen, StringComparison.Ordinal);
        Assert.Equal([$"denied user_disabled not_available alice shell {From}"], await host.Server.AuditAsync());
    }

    [Fact]
    public async Task A_source_that_guesses_waits_and_then_not_even_the_right_passcode_helps()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        string wrong = phone.WrongPasscode();
        await host.ShellAsync("alice", wrong, wrong, wrong);

        (int exit, _) = await host.ShellAsync("alice", wrong, wrong, phone.Passcode());

        Assert.Equal(1, exit);
        string[] audit = await host.Server.AuditAsync();
        Assert.Equal(5, audit.Count(row => row.Contains(" invalid_passcode ", StringComparison.Ordinal)));
        Assert.Contains(" frequent_attempts ", audit[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_locked_out_is_refused_until_he_is_unlocked()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        string wrong = phone.WrongPasscode();
        await host.WriteAsync(host.Section + "accept_env_factor = yes\n");

        // One source alone locks nobody out: five from each of two, as a host with two addresses.
        foreach (string from in new[] { "127.0.0.1", "127.0.0.2" })
        {
            for (int tries = 0; tries < 5; tries++)
            {
                await host.Client.RunAsync(["sh", "-c",
                    $"DUO_PASSCODE={wrong} ssh -b {from} -o SendEnv=DUO_PASSCODE alice@server true"]);
            }
        }

        (int exit, string seen) = await host.ShellAsync("alice");
        await host.Server.RunAsync("user", "unlock", "alice");
        using Terminal unlocked = host.OpenShell("alice");
        await unlocked.AskedAsync("Passcode: ");

        Assert.Equal(1, exit);
        Assert.Contains("Your account is locked out.", seen, StringComparison.Ordinal);
        Assert.Contains(" locked_out ", (await host.Server.AuditAsync())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_say_who_may_log_in_here()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync("--groups", "staff");
        Authenticator phone = await host.EnrolAsync("alice", "--groups", "staff");
        await host.EnrolAsync("bob", "--groups", "guests");

        (int alice, _) = await host.ShellAsync("alice", phone.Passcode());
        (int bob, string seen) = await host.ShellAsync("bob");

        Assert.Equal((7, 1), (alice, bob));
        Assert.Contains("Your account may not log in here.", seen, StringComparison.Ordinal);
        Assert.Contains("user_not_in_permitted_group", (await host.Server.AuditAsync())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_trusted_network_nobody_is_asked_and_the_audit_says_so()
    {
        await using DuoHost host = await DuoHost.LoginDuoAsync("--trusted-network", "127.0.0.2/32");
        await host.EnrolAsync("alice");

        Login near = await host.Client.RunAsync(["ssh", "-b", "127.0.0.2", "alice@server", "id -un"]);
        Login far = await host.CommandAsync("alice", "id -un");

        Assert.Equal((0, "alice"), (near.ExitCode, near.Output));
        Assert.Equal((1, ""), (far.ExitCode, far.Output));
        Assert.Equal("success trusted_network not_available alice shell 127.0.0.2", (await host.Server.AuditAsync())[0]);
    }

    private static int Count(string text, string what) => text.Split(what).Length - 1;
}
