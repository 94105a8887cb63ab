using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd;

public sealed class OptionsAndNamesTests
{
    [Theory]
    [InlineData("nullokay", "Unrecognized option \"nullokay\"")]
    [InlineData("allowed_perm=rw", "Invalid permissions in setting")]
    [InlineData("grace_period=soon", "Invalid value in setting")]
    [InlineData("user=nobody-here", "Failed to look up user \"nobody-here\"")]
    public async Task An_option_that_is_not_understood_refuses_everybody_unasked(string option, string log)
    {
        await using World world = await World.StartAsync($"nullok {option}");
        Account alice = await world.AddAccountAsync("alice");
        await world.AddAccountAsync("bob");
        await alice.EnrolAsync("TOTP_AUTH");

        Login enrolled = await alice.SshAsync("id -un", alice.Phone.Passcode());
        Login unenrolled = await world.Client.RunAsync(["ssh", "bob@server", "id -un"]);

        enrolled.MustBeRefused(world);
        unenrolled.MustBeRefused(world);
        Assert.Empty(enrolled.Prompts);
        await world.Syslog.LineAsync(log);
    }

    [Theory]
    [InlineData("../alice")]
    [InlineData("sub/../../alice")]
    [InlineData(".")]
    public async Task A_name_that_walks_through_folders_finds_no_secret(string name)
    {
        await using World world = await World.StartAsync();
        var phone = Authenticator.Create();
        world.Sandbox.Write("/srv/alice/totp", $"{phone.Secret}\n\" TOTP_AUTH\n", UnixFileMode.UserRead);
        world.Sandbox.Write("/srv/totp", $"{phone.Secret}\n\" TOTP_AUTH\n", UnixFileMode.UserRead);
        Directory.CreateDirectory(world.Sandbox.Outside("/srv/totps/sub"));
        world.SetPam("door", world.Factor.Auth("user=root secret=/srv/totps/${USER}/totp"));

        Outcome outcome = await AuthenticateAsync(world, name, phone);
        world.SetPam("door", world.Factor.Auth("user=root secret=/srv/${USER}/totp"));
        Outcome plain = await AuthenticateAsync(world, "alice", phone);

        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Equal(0, plain.ExitCode);
    }

    private static Task<Outcome> AuthenticateAsync(World world, string name, Authenticator phone) =>
        world.Sandbox.TryAsync("sh", "-c", $"echo {phone.Passcode()} | pamtester door '{name}' authenticate");
}
