using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>
/// A configuration that is wrong in any way refuses everybody, also those whom nullok would let in, and says in the
/// log of sshd where to look. A mended one holds for the next login.
/// </summary>
public sealed class ConfigurationTests
{
    private const string File = Agent.Configuration;

    // What was done to it, as a shell command, and what the log has to say.
    public static TheoryData<string, string> Damages => new()
    {
        { $"echo '[totp]\nsecrets = /x' > {File}", $"{File}:2: unknown key 'secrets' in [totp]" },
        { $"echo '[otp]' > {File}", $"{File}:1: unknown section [otp]" },
        { $"echo '[totp]\nsecret = here' > {File}", $"{File}:2: cannot use 'here' for secret" },
        {
            $"echo '[duo]\nikey = i\nskey = s\nhost = h\nfailmode = safe # note' > {File}",
            $"{File}:5: cannot use 'safe # note' for failmode: secure, offline or safe"
        },
        { $"chmod 0644 {File}", $"{File}: others may read or write it" },
        { $"chown alice {File}", $"{File}: owned by uid" },
        { $"rm {File}", $"{File}: cannot read it: No such file or directory" },
        { $"rm {File}; mkdir {File}", $"{File}: not a regular file" },
        { $"rm {File}; mkfifo -m 600 {File}", $"{File}: not a regular file" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Wrong_it_refuses_everybody_and_mended_it_holds_at_once(string damage, string log)
    {
        await using World world = await World.StartAsync();
        world.SetPam("sshd", world.Factor.Auth("nullok"), "auth required pam_permit.so", World.AnyAccount);
        Account alice = await world.AddAccountAsync("alice");
        Account bob = await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH");
        await world.Sandbox.RunAsync("sh", "-c", damage);

        Login enrolled = await alice.SshAsync("id -un", alice.Phone.Passcode());
        Login unenrolled = await bob.SshAsync("id -un");
        await world.Sandbox.RunAsync("rm", "-rf", File);
        world.Agent.Configure("");
        Login mended = await alice.SshAsync("id -un", alice.Phone.Passcode());

        enrolled.MustBeRefused(world);
        unenrolled.MustBeRefused(world);
        LogLine line = await world.Syslog.LineAsync($"every login is refused: {log}");
        Assert.Equal((LogLine.AuthPriv, LogLine.Critical), (line.Facility, line.Severity));
        Assert.StartsWith("sshd(pam_google_auth)", line.Text, StringComparison.Ordinal);
        mended.MustBeAllowed(world);
    }

    [Fact]
    public async Task Says_where_state_files_are_for_lines_that_do_not()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");
        await world.Sandbox.RunAsync("sh", "-c", "mkdir -m 700 /srv/alice; chown alice /srv/alice");
        await world.Sandbox.RunAsync("mv", alice.StateFile, "/srv/alice/totp");
        world.Agent.Configure("[totp]\nsecret = /srv/${USER}/totp\n");

        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeAllowed(world);
        world.SetPam("sshd", world.Factor.Auth("secret=~/.google_authenticator"), World.AnyAccount);
        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeRefused(world);
    }
}
