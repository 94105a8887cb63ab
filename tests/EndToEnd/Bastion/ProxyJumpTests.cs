using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Bastion;

/// <summary>ProxyJump through a bastion that asks too.</summary>
public sealed class ProxyJumpTests
{
    [Fact]
    public async Task Each_host_asks_for_its_own_passcode()
    {
        await using World world = await World.StartAsync();
        await world.StartHostAsync("bastion");
        Account alice = await world.AddAccountAsync("alice");
        Account bob = await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");
        await bob.EnrolAsync("TOTP_AUTH", "DISALLOW_REUSE");

        Login login = await world.Client.RunAsync(
            ["ssh", "-J", "alice@bastion", "bob@server", "id -un"], alice.Phone.Passcode(), bob.Phone.Passcode());

        login.MustBeAllowed(world);
        Assert.Equal("bob", login.Output);
        Assert.Equal(
            ["(alice@bastion) Verification code: ", "(bob@server) Verification code: "], login.Prompts);
    }

    [Fact]
    public async Task Refused_at_the_bastion_nobody_reaches_the_host_behind_it()
    {
        await using World world = await World.StartAsync();
        await world.StartHostAsync("bastion");
        Account alice = await world.AddAccountAsync("alice");
        await alice.EnrolAsync("TOTP_AUTH");

        Login login = await world.Client.RunAsync(
            ["ssh", "-J", "alice@bastion", "alice@server", "id -un"],
            alice.Phone.WrongPasscode(), alice.Phone.Passcode());

        login.MustBeRefused(world);
        Assert.Equal(["(alice@bastion) Verification code: "], login.Prompts);
    }
}
