using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Users;

/// <summary>docs/how-to/phone-lost.md, followed to the letter.</summary>
public sealed class HowToTests
{
    [Fact]
    public async Task A_lost_phone_is_void_and_the_new_one_logs_in()
    {
        HowTo page = HowTo.Read("phone-lost.md");
        await using UsersHost host = await UsersHost.StartAsync();
        await host.DoesAsync("add", "alice", "--key", host.Key, "--shell=/bin/bash");
        Enrolled lost = await host.Store.EnrolByRootAsync("alice");

        // A recovery code in her pocket.
        (await host.SshAsync("alice", "id -un", lost.Codes[0])).MustBeAllowed(host.World);

        // None.
        string[] commands = page.Commands("She has none").Split("sallyport invite", 2);
        await host.ShAsync(commands[0]);
        string letter = host.Sandbox.Read("/root/letters");
        Login found = await host.SshAsync("alice", "id -un", lost.Phone.Passcode(+1));
        Login recovery = await host.SshAsync("alice", "id -un", lost.Codes[1]);
        string later = await host.ShAsync("sallyport invite" + commands[1]);
        Login expired = await host.SshAsync("alice", "id -un", UsersHost.CodeIn(letter), "t");
        Authenticator phone = await host.EnrolAsync("alice", UsersHost.CodeIn(later));

        // The key, too.
        host.Sandbox.Write("/root/alice.pub", host.Key + "\n");
        string[] key = page.Commands("The key may be gone too").Split("sallyport user add", 2);
        await host.ShAsync(key[0]);
        Login withoutKey = await host.SshAsync("alice", "id -un", phone.Passcode(+1));
        await host.ShAsync("sallyport user add" + key[1]);
        Login withKey = await host.SshAsync("alice", "id -un", phone.Passcode(+1));

        Assert.All([found, recovery, expired, withoutKey], login => login.MustBeRefused(host.World));
        withKey.MustBeAllowed(host.World);
    }
}
