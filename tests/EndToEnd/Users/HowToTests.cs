using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Users;

/// <summary>The pages for administrators, followed to the letter by one who has three people.</summary>
public sealed class HowToTests
{
    [Fact]
    public async Task A_team_is_rolled_out_and_nobody_is_locked_out_on_the_way()
    {
        HowTo page = HowTo.Read("roll-out.md");
        await using UsersHost host = await UsersHost.StartAsync("");
        await host.ShAsync("useradd -m -s /bin/bash bob; install -d -m 700 -o bob -g bob /home/bob/.ssh; install -m 600 -o bob -g bob /root/.ssh/id_ed25519.pub /home/bob/.ssh/authorized_keys");
        host.Sandbox.Write("/root/users.csv", $"name,key,groups,expires\nalice,{host.Key},sudo,\nbob,{host.Key},,48h\ncarol,{host.Key},,\n");

        await host.ShAsync(page.Commands("A time in which nobody is refused"));
        Login before = await host.SshAsync("bob", "id -un");
        string[] commands = page.Commands("The people").Split("shred", 2); // people read their letters first
        await host.ShAsync(commands[0]);
        string letters = host.Sandbox.Read("/root/letters");
        await host.ShAsync("shred" + commands[1]);
        Login[] meanwhile = [await host.SshAsync("alice", "id -un"), await host.SshAsync("bob", "id -un"), await host.SshAsync("carol", "id -un")];
        Authenticator alice = await EnrolByCommandAsync(host, "alice", letters);
        Authenticator bob = await EnrolByCommandAsync(host, "bob", letters);
        string missing = await host.ShAsync(page.Commands("Who is missing"));
        await host.ShAsync(page.Commands("The end of it"));
        Login carolByKey = await host.SshAsync("carol", "id -un");
        Authenticator carol = await host.EnrolAsync("carol", await host.Store.InviteAsync("carol"));

        before.MustBeAllowed(host.World);
        Assert.All(meanwhile, login => login.MustBeAllowed(host.World));
        Assert.Matches("(?m)^alice +store ", missing);
        Assert.Matches("(?m)^bob +store ", missing);
        Assert.Matches("(?m)^carol +none ", missing);
        Assert.False(host.Sandbox.Exists("/root/letters"));
        carolByKey.MustBeRefused(host.World);
        (await host.SshAsync("alice", "id -un", alice.Passcode(+1))).MustBeAllowed(host.World);
        (await host.SshAsync("bob", "id -un", bob.Passcode(+1))).MustBeAllowed(host.World);
        (await host.SshAsync("carol", "id -un", carol.Passcode(+1))).MustBeAllowed(host.World);
        (await host.SshAsync("alice", "id -un")).MustBeRefused(host.World);
    }

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

    private static async Task<Authenticator> EnrolByCommandAsync(UsersHost host, string name, string letters)
    {
        using var terminal = Terminal.Open(host.Sandbox, name, "sallyport enroll");
        await terminal.AnswerAsync(StoreHost.InvitationPrompt,
            UsersHost.CodeIn(letters[letters.IndexOf($"To {name},", StringComparison.Ordinal)..]));
        await terminal.AskedAsync(StoreHost.PasscodePrompt);
        Authenticator phone = StoreHost.Read(terminal.Seen).Phone;
        await terminal.TypeAsync(phone.Passcode());
        Assert.Equal(0, await terminal.EndAsync());
        return phone;
    }
}
