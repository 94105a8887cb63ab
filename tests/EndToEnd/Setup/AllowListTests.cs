using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Setup;

/// <summary>sshd's files say who may log in at all: setup's own accounts are named for as long as it tries them, and nobody else.</summary>
public sealed class Given_a_host_that_lets_in_some_people
{
    private const string Mine = "/etc/ssh/sshd_config.d/50-mine.conf";

    [Theory]
    [InlineData("AllowUsers alice ops")]
    [InlineData("AllowUsers alice@203.0.113.0/24 ops@127.0.0.1 ops@203.0.113.*")]
    [InlineData("AllowGroups people")]
    [InlineData("AllowUsers alice ops\nAllowGroups people")]
    [InlineData("DenyGroups bob")]
    [InlineData("DenyUsers bob")]
    [InlineData("Match Address *\n    AllowUsers alice ops\nMatch all")]
    public async Task It_is_set_up_as_it_is_and_at_no_time_anybody_else_is_let_in(string lists)
    {
        await using SetupHost host = await StartAsync(lists);
        Assert.Equal(255, (await host.LoginAsync("bob")).ExitCode);

        // What sshd's files say of bob, again and again while setup runs.
        Outcome setup = await host.Sandbox.TryAsync("sh", "-c", """
            (while [ ! -e /run/over ]; do /usr/sbin/sshd -T -C user=bob,host=h,addr=203.0.113.7 | grep -E '^(allow|deny)(users|groups)' | sort; done >/run/seen) &
            yes | sallyport setup "$1"; code=$?
            touch /run/over; wait; exit $code
            """, "sh", SetupHost.BreakGlass);

        Assert.True(setup.ExitCode == 0, setup.ToString());
        string[] expected = [.. (await host.Sandbox.RunAsync("sh", "-c", "/usr/sbin/sshd -T -C user=bob,host=h,addr=203.0.113.7 | grep -E '^(allow|deny)(users|groups)' | sort")).TrimEnd('\n').Split('\n')];
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Order(StringComparer.Ordinal), host.Sandbox.Read("/run/seen").TrimEnd('\n').Split('\n').Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain("Allow", host.Sandbox.Read(SetupHost.DropIn), StringComparison.Ordinal);
        host.ForgetPasscode();
        Assert.Equal("alice", (await host.LoginAsync("alice", host.Phone.Passcode())).Output);
        Assert.Equal("ops", (await host.LoginAsync("ops")).Output);
        Assert.Equal(255, (await host.LoginAsync("bob")).ExitCode);
    }

    [Fact]
    public async Task Where_break_glass_comes_from_elsewhere_only_it_is_tried_as_from_there_and_that_is_said()
    {
        await using SetupHost host = await StartAsync("AllowUsers alice ops@203.0.113.*");

        Outcome setup = await host.SetupAsync(SetupHost.BreakGlass);

        Assert.True(setup.ExitCode == 0, setup.ToString());
        Assert.Contains("AllowUsers lets ops in from some addresses only: it is tried from here as if from one of them", setup.Errors, StringComparison.Ordinal);
        Assert.Equal("ops", (await host.LoginAsync("ops")).Output);
        Assert.Equal(255, (await host.Client.RunAsync(["ssh", "-o", "BatchMode=yes", "ops@127.0.0.1", "id -un"])).ExitCode);
    }

    [Theory]
    [InlineData("AllowUsers ops")]
    [InlineData("AllowGroups ops")]
    [InlineData("DenyUsers alice bob")]
    [InlineData("DenyGroups alice bob")]
    [InlineData("AllowUsers ops bob", "--exempt=bob:2099-12-31:a robot")]
    public async Task Where_nobody_is_left_who_could_finish_both_steps_nothing_is_changed(string lists, params string[] words)
    {
        await using SetupHost host = await StartAsync(lists);
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync([SetupHost.BreakGlass, .. words]);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("of those who would be asked nobody may log in (alice, bob)", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_group_of_break_glass_that_is_denied_is_found_before_anything_is_changed()
    {
        await using SetupHost host = await StartAsync("DenyGroups people");
        Dictionary<string, string> before = host.Snapshot();

        Outcome refused = await host.SetupAsync(SetupHost.BreakGlass, "--ask=all");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("group is listed in DenyGroups", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        host.AssertNothingIsLeft();
    }

    private static async Task<SetupHost> StartAsync(string lists)
    {
        SetupHost host = await SetupHost.StartAsync();
        await host.Sandbox.RunAsync("sh", "-ec", "groupadd people; for name in ops alice; do usermod -a -G people $name; done");
        host.Sandbox.Write(Mine, lists + "\n");

        // It has taken its files when it has written this one anew.
        await host.Sandbox.RunAsync("sh", "-ec", """
            pid=$(cat /run/sshd.pid); rm /run/sshd.pid; kill -HUP $pid
            while [ ! -s /run/sshd.pid ] || ! ssh-keyscan 127.0.0.1 >/dev/null 2>&1; do sleep 0.05; done
            """);
        return host;
    }
}
