using System.Text.Json;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>What setup's options change for those who log in.</summary>
public sealed partial class Given_a_choice_of_setup
{
    // A client at another of the loopback's addresses: setup's own logins come from 127.0.0.1.
    private const string Bastion = "127.0.0.9";

    // ssh shows where it would have put the agent and the screen.
    private const string Forwarded = "echo agent=${SSH_AUTH_SOCK:-none} screen=${DISPLAY:-none}";

    [Fact]
    public async Task A_bastion_takes_no_agent_and_no_screen_and_still_lets_connections_through()
    {
        await using SetupHost host = await SetupHost.StartAsync(change: h => h.Sandbox.Write(
            "/usr/bin/xauth", "#!/bin/sh\ncat >/dev/null\n", (UnixFileMode)0x1ED /* 0755 */));
        Login before = await ForwardingAsync(host);

        await host.SetUpAsync("--bastion");
        Login after = await ForwardingAsync(host, host.Phone.Passcode());
        Login through = await host.Client.RunAsync(["ssh", "-o", "BatchMode=yes", "-J", "ops@127.0.0.1", "ops@127.0.0.2", "id -un"]);

        Assert.Matches("^agent=/tmp/ssh-.* screen=localhost:", before.Output);
        Assert.Equal("agent=none screen=none", after.Output);
        Assert.True(through is { ExitCode: 0, Output: "ops" }, through.ToString());
    }

    [Fact]
    public async Task Behind_a_bastion_that_is_never_asked_only_its_address_comes_in_by_the_key()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        await host.SetUpAsync($"--hop-from={Bastion}", "--hop=never");

        AssertIn("alice", await FromBastionAsync(host));
        AssertRefused(await host.LoginAsync("alice"));
        AssertIn("alice", await host.LoginAsync("alice", host.Phone.Passcode()));
    }

    [Fact]
    public async Task Behind_a_bastion_within_minutes_a_passcode_from_there_counts_for_the_next_login_from_there()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        await host.SetUpAsync($"--hop-from=10.0.0.5,{Bastion}", "--hop=within:30");

        AssertRefused(await FromBastionAsync(host));
        AssertIn("alice", await FromBastionAsync(host, host.Phone.Passcode()));
        AssertIn("alice", await FromBastionAsync(host));
        AssertRefused(await host.LoginAsync("alice"));
    }

    [Fact]
    public async Task Behind_a_bastion_without_a_word_on_it_everybody_is_asked()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        await host.SetUpAsync($"--hop-from={Bastion}");

        AssertIn("alice", await FromBastionAsync(host, host.Phone.Passcode()));
        AssertRefused(await FromBastionAsync(host));
    }

    [Fact]
    public async Task A_network_for_a_bastion_is_refused()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass, "--hop-from=10.0.0.0/8", "--hop=never");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("10.0.0.0/8", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
    }

    [Fact]
    public async Task With_root_owned_keys_a_key_in_the_home_opens_nothing_and_a_later_setup_keeps_it_so()
    {
        await using SetupHost host = await SetupHost.StartAsync(change: RootOwned);
        AssertIn("bob", await host.LoginAsync("bob"));

        await host.SetUpAsync("--root-owned-keys", "--exempt=bob:2099-01-01:backup at night");
        Login alice = await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode());
        Login bob = await host.LoginAsync("bob");
        // Only a date is renewed.
        await host.SetUpAsync("--exempt=bob:2099-02-01:backup at night");
        Login later = await host.LoginAsync("bob");

        Assert.True(alice.ExitCode == 0, alice.ToString());
        AssertRefused(bob);
        AssertRefused(later);
        AssertIn("ops", await host.LoginAsync("ops"));
    }

    [Fact]
    public async Task With_root_owned_keys_who_has_none_would_be_locked_out_so_nothing_is_changed()
    {
        await using SetupHost host = await SetupHost.StartAsync(change: h =>
        {
            RootOwned(h);
            File.Delete(h.Sandbox.Outside("/etc/ssh/authorized_keys.d/bob"));
        });
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass, "--root-owned-keys");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("bob has no file in /etc/ssh/authorized_keys.d and would be locked out", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
    }

    [Fact]
    public async Task With_groups_their_members_are_asked_and_others_are_not()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", "groupadd wheelers; groupadd people; usermod -a -G people alice");

        await host.SetUpAsync("--ask=wheelers,people");

        AssertRefused(await host.LoginAsync("alice"));
        AssertIn("alice", await host.LoginAsync("alice", host.Phone.Passcode()));
        Login other = await host.LoginAsync("bob");
        AssertIn("bob", other);
        Assert.Empty(other.Prompts);
    }

    [Fact]
    public async Task A_script_reads_keys_like_those_of_every_other_command()
    {
        await using SetupHost host = await SetupHost.StartAsync();

        using var plan = JsonDocument.Parse((await host.SetupAsync("plan", "--json", SetupHost.BreakGlass)).Output);
        await host.SetUpAsync();
        using var status = JsonDocument.Parse((await host.SetupAsync("status", "--json")).Output);

        Assert.Equal(["files", "refusals", "notes"], Keys(plan.RootElement));
        Assert.Equal(["path", "changed", "before", "after", "difference"], Keys(plan.RootElement.GetProperty("files")[0]));
        Assert.Equal(["state", "seconds_left", "files"], Keys(status.RootElement));
        Assert.Equal(["path", "state"], Keys(status.RootElement.GetProperty("files")[0]));
        Assert.Equal("unconfirmed", status.RootElement.GetProperty("state").GetString());
        Assert.InRange(status.RootElement.GetProperty("seconds_left").GetInt64(), 1, 600);
    }

    // bob's own key is another one than that in his home.
    private static void RootOwned(SetupHost host)
    {
        string key = host.Client.PublicKey;
        host.Sandbox.Write("/etc/ssh/authorized_keys.d/alice", key + "\n");
        host.Sandbox.Write("/etc/ssh/authorized_keys.d/bob", Blob().Replace(key, match => match.Value[..^6] + "AAAAAA") + "\n");
    }

    private static Task<Login> ForwardingAsync(SetupHost host, params string[] answers) => host.Client.RunAsync(
        ["env", "DISPLAY=:9", "ssh-agent", "ssh", "-A", "-Y", "alice@127.0.0.1", Forwarded], answers);

    private static Task<Login> FromBastionAsync(SetupHost host, params string[] answers) =>
        host.Client.RunAsync(["ssh", "-b", Bastion, "alice@127.0.0.1", "id -un"], answers);

    private static void AssertIn(string user, Login login) =>
        Assert.True(login.ExitCode == 0 && login.Output == user, login.ToString());

    private static void AssertRefused(Login login) => Assert.True(login is { ExitCode: 255, Output: "" }, login.ToString());

    private static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(property => property.Name)];

    [GeneratedRegex("AAAA\\S+")]
    private static partial Regex Blob();
}
