using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>
/// A state file that must not be used: its owner is asked as everybody is, refused though his passcode is right, the
/// log says why, and what was there stays as it was. "nullok" makes no difference.
/// </summary>
public sealed class BrokenStateFileTests
{
    private const string File = "/home/alice/.google_authenticator";

    // What was done to it, as a shell command, and what the log has to say.
    public static TheoryData<string, string> Damages => new()
    {
        { $"echo 'not base32!' > {File}", "Could not find a valid BASE32 encoded secret in" },
        { $"truncate -s 0 {File}", "Invalid file size for" },
        { $"truncate -s 65537 {File}", "Invalid file size for" },
        { $"printf '\\000' >> {File}", "Invalid file contents in" },
        { $"chmod 0644 {File}", "are more permissive than" },
        { $"chown bob {File}", "Failed to read" },
        { $"rm {File}; mkfifo -m 600 {File}; chown alice {File}", "is not a regular file" },
        { $"rm {File}; mkdir -m 700 {File}; chown alice {File}", "is not a regular file" },
        { $"mv {File} /home/bob/stolen; chown bob /home/bob/stolen; ln -s /home/bob/stolen {File}", "symbolic link" },
        { $"mv {File} {File}-elsewhere; ln -s {File}-elsewhere {File}", "symbolic link" },
        { $"rm {File}; ln -s /home/alice/nowhere {File}", "symbolic link" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Refuses_says_why_and_changes_nothing(string damage, string log)
    {
        await using World world = await World.StartAsync("nullok");
        Account alice = await world.AddAccountAsync("alice");
        await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE", "12345678");
        await world.Sandbox.RunAsync("sh", "-c", damage);
        string before = await ContentsAsync(world);

        Login login = await alice.SshAsync("id -un", alice.Phone.Passcode());

        login.MustBeRefused(world);
        Assert.Equal(["(alice@server) Verification code: "], login.Prompts);
        LogLine line = await world.Syslog.LineAsync(log);
        Assert.Equal((LogLine.AuthPriv, LogLine.Error), (line.Facility, line.Severity));
        Assert.Equal(before, await ContentsAsync(world));
    }

    // Names, types, modes, owners, sizes, times of change; then what is in the plain files.
    private static Task<string> ContentsAsync(World world) => world.Sandbox.RunAsync("sh", "-c", """
        find /home -mindepth 2 -name '.google*' -printf '%p %y %m %u %s %t %l\n' -o -name stolen -printf '%p %y %m %u %s %t\n'
        find /home -type f \( -name '.google*' -o -name stolen \) -exec sha256sum {} +
        """);
}
