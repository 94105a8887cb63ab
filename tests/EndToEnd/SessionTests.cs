using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>
/// "session required pam_sallyport.so", and a user whom sshd lets in by the key alone, so that nobody asked him.
/// </summary>
public sealed class SessionTests
{
    private const string KeyAlone = "Match User robot\nAuthenticationMethods publickey";

    // What sshd ends a session with that PAM did not open.
    private const int NoSession = 254;

    [Fact]
    public async Task Opens_after_a_passcode()
    {
        await using World world = await StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeAllowed(world);
        (await alice.SshAsync("id -un", alice.Phone.WrongPasscode())).MustBeRefused(world);
    }

    [Fact]
    public async Task Runs_no_command_after_the_key_alone()
    {
        await using World world = await StartAsync();
        Account robot = await world.AddAccountAsync("robot");

        Login login = await robot.SshAsync("id -un");

        Assert.Equal((NoSession, ""), (login.ExitCode, login.Output));
        Assert.Empty(login.Prompts);
    }

    [Fact]
    public async Task Carries_no_file_after_the_key_alone()
    {
        await using World world = await StartAsync();
        await world.AddAccountAsync("robot");
        world.Sandbox.Write("/root/letter", "Dear Bob");

        Login sftp = await world.Client.RunAsync(["scp", "/root/letter", "robot@server:letter"]);
        Login scp = await world.Client.RunAsync(["scp", "-O", "/root/letter", "robot@server:letter"]);

        Assert.NotEqual(0, sftp.ExitCode);
        Assert.NotEqual(0, scp.ExitCode);
        Assert.False(world.Sandbox.Exists("/home/robot/letter"));
    }

    [Fact]
    public async Task Forwards_nothing_after_the_key_alone()
    {
        await using World world = await StartAsync();
        await world.AddAccountAsync("robot");

        // The sshd that is asked is also what would answer at the other end, with "SSH-2.0-...".
        Login login = await world.Client.RunAsync(["ssh", "-W", "127.0.1.1:22", "robot@server"]);

        Assert.NotEqual(0, login.ExitCode);
        Assert.DoesNotContain("SSH-2.0", login.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_line_the_key_alone_is_enough()
    {
        await using World world = await StartAsync();
        world.SetPam("sshd", world.Factor.Auth(), World.AnyAccount, "session required pam_permit.so");
        Account robot = await world.AddAccountAsync("robot");

        (await robot.SshAsync("id -un")).MustBeAllowed(world);
        Login forward = await world.Client.RunAsync(["ssh", "-W", "127.0.1.1:22", "robot@server"]);
        Assert.Contains("SSH-2.0", forward.Output, StringComparison.Ordinal);
    }

    private static async Task<World> StartAsync()
    {
        World world = await World.StartAsync(sshLines: KeyAlone);
        world.SetPam("sshd", world.Factor.Auth(), World.AnyAccount, $"session required {world.Factor.Module}");
        return world;
    }
}
