using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>AuthenticationMethods publickey,keyboard-interactive, and a user who is enrolled.</summary>
public sealed class KeyAndPasscodeTests
{
    [Fact]
    public async Task The_right_passcode_lets_in()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        Login login = await alice.SshAsync("id -un", alice.Phone.Passcode());

        login.MustBeAllowed(world);
        Assert.Equal("alice", login.Output);
        Assert.Equal(["(alice@server) Verification code: "], login.Prompts);
        LogLine line = await world.Syslog.LineAsync("Accepted google_authenticator for alice");
        Assert.Equal((LogLine.AuthPriv, LogLine.Info), (line.Facility, line.Severity));
        Assert.StartsWith("sshd(pam_google_auth", line.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("let me in")]
    public async Task What_is_no_passcode_is_refused(string answer)
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        Login login = await alice.SshAsync("id -un", answer);

        login.MustBeRefused(world);
        Assert.Single(login.Prompts);
        LogLine line = await world.Syslog.LineAsync("Invalid verification code for alice");
        Assert.Equal((LogLine.AuthPriv, LogLine.Error), (line.Facility, line.Severity));
    }

    [Fact]
    public async Task A_wrong_passcode_is_refused_and_the_right_one_works_after_it()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        Login wrong = await alice.SshAsync("id -un", alice.Phone.WrongPasscode());
        Login right = await alice.SshAsync("id -un", alice.Phone.Passcode());

        wrong.MustBeRefused(world);
        await world.Syslog.LineAsync("Invalid verification code for alice");
        right.MustBeAllowed(world);
    }

    [Fact]
    public async Task The_passcode_of_somebody_else_is_refused()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        Account bob = await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH");
        await bob.EnrolAsync("TOTP_AUTH");

        (await alice.SshAsync("id -un", bob.Phone.Passcode())).MustBeRefused(world);
    }

    [Fact]
    public async Task A_passcode_is_good_for_one_login()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");
        string passcode = alice.Phone.Passcode();

        Login first = await alice.SshAsync("id -un", passcode);
        Login replay = await alice.SshAsync("id -un", passcode);

        first.MustBeAllowed(world);
        replay.MustBeRefused(world);
        await world.Syslog.LineAsync("Trying to reuse a previously used time-based code");
    }

    [Fact]
    public async Task A_passcode_may_be_one_step_early_or_late_and_no_more()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync(Authenticator.Create(stepSeconds: 60), "TOTP_AUTH", "STEP_SIZE 60");
        await alice.Phone.EarlyInStepAsync();

        (await alice.SshAsync("id -un", alice.Phone.Passcode(-2))).MustBeRefused(world);
        (await alice.SshAsync("id -un", alice.Phone.Passcode(+2))).MustBeRefused(world);
        (await alice.SshAsync("id -un", alice.Phone.Passcode(-1))).MustBeAllowed(world);
        (await alice.SshAsync("id -un", alice.Phone.Passcode(+1))).MustBeAllowed(world);
    }

    [Fact]
    public async Task A_scratch_code_is_good_for_one_login()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH", "12345678", "87654321");

        Login first = await alice.SshAsync("id -un", "12345678");
        Login second = await alice.SshAsync("id -un", "12345678");

        first.MustBeAllowed(world);
        second.MustBeRefused(world);
        Assert.Equal($"{alice.Phone.Secret}\n\" TOTP_AUTH\n87654321\n", alice.State);
    }

    [Fact]
    public async Task Without_the_key_nobody_is_asked()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");
        world.Sandbox.Write("/etc/ssh/authorized_keys/alice", "");

        Login login = await alice.SshAsync("id -un", alice.Phone.Passcode());

        login.MustBeRefused(world);
        Assert.Empty(login.Prompts);
    }
}
