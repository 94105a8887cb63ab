using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Setup;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Users;

/// <summary>docs/how-to/roll-out.md, followed to the letter on a host that setup has made, by alice, who has three people.</summary>
public sealed class RollOutPageTests
{
    [Fact]
    public async Task A_team_is_rolled_out_and_nobody_is_locked_out_on_the_way()
    {
        HowTo page = HowTo.Read("roll-out.md");
        await using SetupHost host = await SetupHost.StartAsync();
        await host.SetUpAsync();
        await ConfirmAsync(host);
        string key = host.Client.PublicKey;
        host.Sandbox.Write("/root/users.csv", $"name,key,groups,expires\nada,{key},sudo,\nbob,{key},,48h\ncarol,{key},,\n");

        await FollowAsync(host, page.Commands("A time in which nobody is refused"));
        await ConfirmAsync(host);
        Login before = await host.LoginAsync("bob");
        string[] commands = page.Commands("The people").Split("shred", 2); // people read their letters first
        await FollowAsync(host, commands[0]);
        string letters = host.Sandbox.Read("/root/letters");
        await FollowAsync(host, "shred" + commands[1]);
        Login[] meanwhile = [await host.LoginAsync("ada"), await host.LoginAsync("bob"), await host.LoginAsync("carol")];
        Authenticator ada = await EnrolByCommandAsync(host, "ada", letters);
        Authenticator bob = await EnrolByCommandAsync(host, "bob", letters);
        string missing = await FollowAsync(host, page.Commands("Who is missing"));
        await FollowAsync(host, page.Commands("The end of it"));
        await ConfirmAsync(host);
        Login carolByKey = await host.LoginAsync("carol");
        string invitation = await FollowAsync(host, "sallyport invite carol");
        (Authenticator carol, Login enrolled) = await UsersHost.EnrolAsync(
            host.Client, Away.Ssh($"carol@{Away.Host}", "id -un"), UsersHost.CodeIn(invitation));

        AssertIn("bob", before);
        Assert.Equal(["ada", "bob", "carol"], meanwhile.Select(login => login.Output));
        Assert.Matches("(?m)^ada +store ", missing);
        Assert.Matches("(?m)^bob +store ", missing);
        Assert.Matches("(?m)^carol +none ", missing);
        Assert.False(host.Sandbox.Exists("/root/letters"));
        AssertRefused(carolByKey);
        AssertRefused(enrolled); // "log in again"
        AssertIn("ada", await host.LoginAsync("ada", ada.Passcode(+1)));
        AssertIn("bob", await host.LoginAsync("bob", bob.Passcode(+1)));
        AssertIn("carol", await host.LoginAsync("carol", carol.Passcode(+1)));
        AssertRefused(await host.LoginAsync("ada"));
    }

    private static Task<string> FollowAsync(SetupHost host, string commands) =>
        host.Sandbox.RunAsync("sh", "-c", "yes | bash -ec \"$1\"", "sh", commands);

    private static async Task ConfirmAsync(SetupHost host)
    {
        host.ForgetPasscode();
        Login confirmed = await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode());
        Assert.True(confirmed.ExitCode == 0, confirmed.ToString());
    }

    private static async Task<Authenticator> EnrolByCommandAsync(SetupHost host, string name, string letters)
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

    private static void AssertIn(string user, Login login) =>
        Assert.True(login.ExitCode == 0 && login.Output == user, login.ToString());

    private static void AssertRefused(Login login) => Assert.True(login is { ExitCode: 255, Output: "" }, login.ToString());
}
