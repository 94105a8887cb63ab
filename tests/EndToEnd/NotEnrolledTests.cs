using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

public sealed class NotEnrolledTests
{
    [Fact]
    public async Task Nullok_lets_in_unasked_where_another_module_says_yes()
    {
        await using World world = await World.StartAsync();
        world.SetPam("sshd", world.Factor.Auth("nullok"), "auth required pam_permit.so", World.AnyAccount);
        Account alice = await world.AddAccountAsync("alice");

        Login login = await alice.SshAsync("id -un");

        login.MustBeAllowed(world);
        Assert.Empty(login.Prompts);
    }

    [Fact]
    public async Task Nullok_alone_lets_nobody_in()
    {
        await using World world = await World.StartAsync("nullok");
        Account alice = await world.AddAccountAsync("alice");

        (await alice.SshAsync("id -un")).MustBeRefused(world);
    }

    [Fact]
    public async Task Nullok_asks_those_who_are_enrolled()
    {
        await using World world = await World.StartAsync();
        world.SetPam("sshd", world.Factor.Auth("nullok"), "auth required pam_permit.so", World.AnyAccount);
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        (await alice.SshAsync("id -un", alice.Phone.WrongPasscode())).MustBeRefused(world);
        (await alice.SshAsync("id -un", alice.Phone.Passcode())).MustBeAllowed(world);
    }

    [Fact]
    public async Task Without_nullok_they_are_asked_and_refused()
    {
        await using World world = await World.StartAsync();
        Account alice = await world.AddAccountAsync("alice");

        Login login = await alice.SshAsync("id -un", "123456");

        login.MustBeRefused(world);
        Assert.Single(login.Prompts);
        await world.Syslog.LineAsync("No secret configured for user alice");
    }

    [Fact]
    public async Task From_outside_enrolled_unenrolled_and_unknown_users_look_the_same()
    {
        await using World world = await World.StartAsync(sshLines: "Match all\nAuthenticationMethods keyboard-interactive");
        Account alice = await world.AddAccountAsync("alice");
        await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH");

        string[] seen = await Task.WhenAll(
            SeenByAsync(world, "alice", alice.Phone.WrongPasscode()),
            SeenByAsync(world, "bob", "123456"),
            SeenByAsync(world, "nobody-here", "123456"));

        Assert.Single(seen.Distinct());
        Assert.Contains("Verification code: ", seen[0], StringComparison.Ordinal);
    }

    private static async Task<string> SeenByAsync(World world, string name, string answer)
    {
        Login login = await world.Client.RunAsync(["ssh", $"{name}@server", "id"], answer);
        login.MustBeRefused(world);
        return login.ToString().Replace(name, "USER", StringComparison.Ordinal);
    }
}
