using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

/// <summary>A login that cannot be written down must not count as one, or its passcode would work again.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task Refuses_keeps_the_old_file_and_recovers_when_there_is_room()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await world.Sandbox.RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/home/alice");
        await world.Sandbox.RunAsync("chown", "alice:alice", "/home/alice");
        await alice.EnrolAsync("RATE_LIMIT 3 30", "TOTP_AUTH", "DISALLOW_REUSE", "12345678");
        string before = alice.State;
        await world.Sandbox.TryAsync("dd", "if=/dev/zero", "of=/home/alice/filler", "bs=4k");

        Login full = await alice.SshAsync("id -un", alice.Phone.Passcode());
        Login fullScratch = await alice.SshAsync("id -un", "12345678");
        string after = alice.State;
        string files = await world.Sandbox.RunAsync("ls", "-A", "/home/alice");
        await world.Sandbox.RunAsync("rm", "/home/alice/filler");
        Login room = await alice.SshAsync("id -un", alice.Phone.Passcode());

        full.MustBeRefused(world);
        fullScratch.MustBeRefused(world);
        await world.Syslog.LineAsync("Failed to update secret file \"/home/alice/.google_authenticator\": No space");
        Assert.Equal(before, after);
        Assert.Equal(".google_authenticator\nfiller\n", files);
        room.MustBeAllowed(world);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_refuses_too()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");
        await world.Sandbox.RunAsync("mount", "--bind", "/home/alice", "/home/alice");
        await world.Sandbox.RunAsync("mount", "-o", "remount,bind,ro", "/home/alice");

        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeRefused(world);
        await world.Syslog.LineAsync("Failed to update secret file \"/home/alice/.google_authenticator\": Read-only");
    }
}
