using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>The module behind the real sudo and su.</summary>
public sealed class SudoAndSuTests
{
    private const string Password = "correct horse";
    private const string AnySession = "session required pam_permit.so";

    [Fact]
    public async Task Sudo_asks_for_a_passcode()
    {
        await using World world = await World.StartAsync();
        Account alice = await AddSudoerAsync(world);
        world.SetPam("sudo", world.Factor.Auth(), World.AnyAccount, AnySession);

        Login wrong = await SudoAsync(world, alice.Phone.WrongPasscode());
        Login right = await SudoAsync(world, alice.Phone.Passcode());

        Assert.Equal((1, ""), (wrong.ExitCode, wrong.Output));
        Assert.Equal(["Verification code: "], right.Prompts);
        Assert.Equal((0, "root"), (right.ExitCode, right.Output));
        LogLine accepted = await world.Syslog.LineAsync("Accepted google_authenticator for alice");
        Assert.StartsWith("sudo(pam_google_auth", accepted.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sudo_takes_password_and_passcode_in_one_answer()
    {
        await using World world = await World.StartAsync();
        Account alice = await AddSudoerAsync(world);
        world.SetPam(
            "sudo", world.Factor.Auth("forward_pass"), "auth required pam_unix.so use_first_pass",
            World.AnyAccount, AnySession);

        Login both = await SudoAsync(world, Password + alice.Phone.Passcode());
        Login wrongPassword = await SudoAsync(world, "wrong horse" + alice.Phone.Passcode());
        Login wrongPasscode = await SudoAsync(world, Password + alice.Phone.WrongPasscode());
        Login passwordOnly = await SudoAsync(world, Password);

        Assert.Equal(["Password & verification code: "], both.Prompts);
        Assert.Equal((0, "root"), (both.ExitCode, both.Output));
        Assert.Equal((1, ""), (wrongPassword.ExitCode, wrongPassword.Output));
        Assert.Equal((1, ""), (wrongPasscode.ExitCode, wrongPasscode.Output));
        Assert.Equal((1, ""), (passwordOnly.ExitCode, passwordOnly.Output));
    }

    [Fact]
    public async Task Su_asks_for_the_passcode_of_the_account_it_leads_to()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        Account bob = await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH");
        await bob.EnrolAsync("TOTP_AUTH");
        world.SetPam("su", world.Factor.Auth(), World.AnyAccount, AnySession);

        Outcome own = await SuFromAliceToBobAsync(world, alice.Phone.Passcode());
        Outcome his = await SuFromAliceToBobAsync(world, bob.Phone.Passcode());

        Assert.Equal((1, ""), (own.ExitCode, own.Output));
        Assert.Equal((0, "bob\n"), (his.ExitCode, his.Output));
        Assert.Contains("Verification code: ", his.Errors, StringComparison.Ordinal);
        LogLine accepted = await world.Syslog.LineAsync("Accepted google_authenticator for bob");
        Assert.StartsWith("su(pam_google_auth", accepted.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Su_opens_its_session_after_a_passcode_and_not_without_one()
    {
        await using World world = await World.StartAsync();
        await world.AddAccountAsync("alice");
        Account bob = await world.AddAccountAsync("bob");
        await bob.EnrolAsync("TOTP_AUTH");
        string session = $"session required {world.Factor.Module}";

        world.SetPam("su", world.Factor.Auth(), World.AnyAccount, session);
        Outcome asked = await SuFromAliceToBobAsync(world, bob.Phone.Passcode());
        world.SetPam("su", "auth required pam_permit.so", World.AnyAccount, session);
        Outcome unasked = await SuFromAliceToBobAsync(world, bob.Phone.Passcode());

        Assert.Equal((0, "bob\n"), (asked.ExitCode, asked.Output));
        Assert.Equal((1, ""), (unasked.ExitCode, unasked.Output));
    }

    [Fact]
    public async Task Sudo_opens_its_session_after_a_passcode_and_not_without_one()
    {
        await using World world = await World.StartAsync();
        Account alice = await AddSudoerAsync(world);
        string session = $"session required {world.Factor.Module}";

        world.SetPam("sudo", world.Factor.Auth(), World.AnyAccount, session);
        Login asked = await SudoAsync(world, alice.Phone.Passcode());
        world.SetPam("sudo", "auth required pam_permit.so", World.AnyAccount, session);
        Login unasked = await SudoAsync(world, alice.Phone.Passcode());

        Assert.Equal((0, "root"), (asked.ExitCode, asked.Output));
        Assert.Equal((1, ""), (unasked.ExitCode, unasked.Output));
    }

    private static async Task<Account> AddSudoerAsync(World world)
    {
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");
        await world.Sandbox.RunAsync("sh", "-c", $"echo 'alice:{Password}' | chpasswd");
        world.Sandbox.Write(
            "/etc/sudoers.d/alice",
            "Defaults timestamp_timeout=0, passwd_tries=1\nalice ALL=(ALL) ALL\n",
            UnixFileMode.UserRead);
        return alice;
    }

    private static Task<Login> SudoAsync(World world, string answer) =>
        world.Client.RunAsync(["runuser", "-u", "alice", "--", "sudo", "-A", "id", "-un"], answer);

    private static Task<Outcome> SuFromAliceToBobAsync(World world, string answer) =>
        world.Sandbox.TryAsync("sh", "-c", $"echo {answer} | runuser -u alice -- su bob -c 'id -un'");
}
