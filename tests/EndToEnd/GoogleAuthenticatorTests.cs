using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>The distribution's libpam-google-authenticator and ours, on the same state file.</summary>
public sealed class GoogleAuthenticatorTests
{
    private static readonly string[] Enrol =
    [
        "runuser", "-u", "alice", "--", "env", "HOME=/home/alice", "google-authenticator",
        "-t", "-d", "-f", "-q", "-C", "-w", "3", "-r", "3", "-R", "30", "-e", "2", "-Q", "NONE",
    ];

    [Fact]
    public async Task A_file_made_by_its_command_works_here()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await world.Sandbox.RunAsync(Enrol);
        string[] made = alice.State.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var phone = new Authenticator(made[0]);
        string passcode = phone.Passcode();

        (await alice.SshAsync("id -un", passcode)).MustBeAllowed(world);
        (await alice.SshAsync("id -un", passcode)).MustBeRefused(world);
        (await alice.SshAsync("id -un", made[^1])).MustBeAllowed(world);
        Assert.DoesNotContain(made[^1], alice.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_written_here_works_there()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("RATE_LIMIT 10 30", "WINDOW_SIZE 3", "DISALLOW_REUSE", "TOTP_AUTH", "12345678", "87654321");
        string first = alice.Phone.Passcode();
        (await alice.SshAsync("id -un", first)).MustBeAllowed(world);
        (await alice.SshAsync("id -un", "12345678")).MustBeAllowed(world);

        world.UseFactor(SecondFactor.Google);
        (await alice.SshAsync("id -un", first)).MustBeRefused(world);
        await world.Syslog.LineAsync("Trying to reuse");
        (await alice.SshAsync("id -un", "12345678")).MustBeRefused(world);
        (await alice.SshAsync("id -un", "87654321")).MustBeAllowed(world);
        (await alice.SshAsync("id -un", alice.Phone.Passcode(+1))).MustBeAllowed(world);
    }

    [Fact]
    public async Task Side_by_side_each_sees_what_the_other_let_in()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        var phone = Authenticator.Create(stepSeconds: 60);
        await alice.EnrolAsync(phone, "STEP_SIZE 60", "WINDOW_SIZE 5", "DISALLOW_REUSE", "TOTP_AUTH");
        await phone.EarlyInStepAsync();
        SecondFactor here = SecondFactor.Sallyport;
        SecondFactor there = SecondFactor.Google;

        foreach ((int step, SecondFactor first, SecondFactor second) in
            new[] { (-1, here, there), (0, there, here), (+1, here, there), (+2, there, here) })
        {
            string passcode = phone.Passcode(step);
            world.UseFactor(first);
            (await alice.SshAsync("id -un", passcode)).MustBeAllowed(world);
            world.UseFactor(second);
            (await alice.SshAsync("id -un", passcode)).MustBeRefused(world);
        }

        Assert.Equal(4, world.Syslog.Count("Trying to reuse"));
    }
}
