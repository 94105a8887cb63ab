using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Server;

/// <summary>Key, and then Debian's pam_duo. 255 is ssh's own status: no command ran.</summary>
public sealed class Given_a_host_with_pam_duo
{
    [Fact]
    public async Task A_passcode_lets_in_also_with_a_command()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");

        Login login = await host.CommandAsync("alice", "id -un", phone.Passcode());

        Assert.True(login.ExitCode == 0, $"{login}\n{host.Syslog}");
        Assert.Equal("alice", login.Output);
        Assert.EndsWith("Duo two-factor login for alice\n\nPasscode: ", login.Prompts[0], StringComparison.Ordinal);
        Assert.Equal(
            ["success valid_passcode duo_mobile_passcode alice shell 127.0.0.1"], await host.Server.AuditAsync());
    }

    [Fact]
    public async Task scp_asks_once_and_carries_a_file()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        host.Sandbox.Write("/root/letter", "Dear Bob");

        Login scp = await host.Client.RunAsync(["scp", "/root/letter", "alice@server:letter"], phone.Passcode());

        Assert.True(scp.ExitCode == 0, $"{scp}\n{host.Syslog}");
        Assert.Single(scp.Prompts);
        Assert.Equal("Dear Bob", host.Sandbox.Read("/home/alice/letter"));
    }

    [Fact]
    public async Task A_wrong_one_a_replayed_one_and_none_do_not()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        Authenticator phone = await host.EnrolAsync("alice");
        string used = phone.Passcode();
        Assert.Equal(0, (await host.CommandAsync("alice", "true", used)).ExitCode);

        Login wrong = await host.CommandAsync("alice", "id", phone.WrongPasscode());
        Login replayed = await host.CommandAsync("alice", "id", used);
        Login none = await host.CommandAsync("alice", "id");

        Assert.All([wrong, replayed, none], login => Assert.Equal((255, ""), (login.ExitCode, login.Output)));
        string[] audit = await host.Server.AuditAsync();
        Assert.StartsWith("success", audit[0], StringComparison.Ordinal);
        Assert.All(audit[1..], row => Assert.StartsWith("denied", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bypass_code_does_once()
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        await host.EnrolAsync("alice");
        string code = await host.Server.AddBypassCodeAsync("alice");

        Login first = await host.CommandAsync("alice", "id -un", code);
        Login second = await host.CommandAsync("alice", "id -un", code);

        Assert.Equal((0, 255), (first.ExitCode, second.ExitCode));
    }

    [Theory]
    [InlineData("unknown", "deny_unenrolled_user")]
    [InlineData("invited", "deny_unenrolled_user")]
    [InlineData("disabled", "user_disabled")]
    public async Task Who_has_no_say_is_refused_without_a_prompt(string who, string reason)
    {
        await using DuoHost host = await DuoHost.PamDuoAsync();
        await host.AddAccountAsync("bob");
        if (who != "unknown")
        {
            await host.Server.RunAsync("user", "add", "bob");
            await host.Server.RunAsync("user", who == "invited" ? "invite" : "disable", "bob");
        }

        Login login = await host.CommandAsync("bob", "id");

        Assert.Equal((255, ""), (login.ExitCode, login.Output));
        Assert.DoesNotContain(login.Prompts, prompt => prompt.Contains("Passcode", StringComparison.Ordinal));
        Assert.All(await host.Server.AuditAsync(), row => Assert.StartsWith($"denied {reason}", row, StringComparison.Ordinal));
        Assert.NotEmpty(await host.Server.AuditAsync());
    }
}
