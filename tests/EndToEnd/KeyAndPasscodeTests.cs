using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>AuthenticationMethods publickey,keyboard-interactive, an enrolled user.</summary>
public sealed class KeyAndPasscodeTests
{
    [Fact]
    public async Task The_right_passcode_lets_in()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        Login login = await alice.SshAsync("id -un", alice.Phone.Passcode());

        Assert.True(login.ExitCode == 0, $"{login}\n{world.Syslog}");
        Assert.Equal("alice", login.Output);
        Assert.Equal(["(alice@server) Verification code: "], login.Prompts);
        LogLine line = await world.Syslog.LineAsync("Accepted google_authenticator for alice");
        Assert.Equal(10, line.Facility);
    }
}
