using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Provision;

/// <summary>The role in eng/ansible, by the real ansible-playbook through the real sshd.</summary>
public sealed class Given_the_ansible_role
{
    private static readonly string[] _options =
    [
        "--ask=all", "--enrolment=invited until 2099-01-31", "--after-enrolment=again",
        "--exempt=ansible:2099-12-31:Ansible logs in by its key alone, it's said",
        "--break-glass=rescue:2099-12-31:the second factor fails",
    ];

    [Fact]
    public async Task It_sets_up_once_and_its_second_run_gets_in_and_changes_nothing()
    {
        await using StockHost host = await StockHost.StartAsync();

        Recap first = await host.PlayAsync("ansible");

        Assert.True((first.ExitCode, first.Failed) == (0, 0) && first.Changed > 0, first.Output);
        Assert.Equal(
            [
                "sallyport\tsetup\tstatus\t--json",
                string.Join('\t', ["sallyport", "setup", "plan", "--json", .. _options, "--yes"]),
                string.Join('\t', ["sallyport", "setup", .. _options, "--yes"]),
            ],
            host.Calls());
        Assert.Empty(SetupContract.OptionsIn(_options).Except(await SetupContract.OptionsAsync()));

        // Everybody else is asked now, and Ansible cannot answer.
        Assert.Contains("UNREACHABLE", (await host.PingAsync("alice")).Output, StringComparison.Ordinal);

        Recap second = await host.PlayAsync("ansible");

        Assert.True((second.ExitCode, second.Changed, second.Unreachable) == (0, 0, 0), second.Output);
        Assert.Equal(host.Calls()[..2], host.Calls()[3..]);
        // What setup wrote there is not taken for the shipped file.
        Assert.Contains("[exempt ansible]", host.Sandbox.Read("/etc/sallyport/sallyport.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_real_setup_leaves_ansible_its_way_in_and_nobody_else_one_without_a_passcode()
    {
        await using StockHost host = await StockHost.StartAsync(real: true);
        Authenticator phone = Authenticator.Create();
        await host.EnrolAsync("alice", phone);

        Recap first = await host.PlayAsync("ansible");
        Assert.True((first.ExitCode, first.Failed) == (0, 0) && first.Changed > 0, first.Output);
        Assert.True(host.Sandbox.Exists(StockHost.DropIn), first.Output);
        Assert.Contains("UNREACHABLE", (await host.PingAsync("alice")).Output, StringComparison.Ordinal);

        // Nobody has logged in with both steps yet, and Ansible's own logins are none.
        Recap second = await host.PlayAsync("ansible");
        Assert.True((second.ExitCode, second.Changed, second.Unreachable) == (0, 0, 0), second.Output);
        Assert.Contains("setup waits for a login", second.Output, StringComparison.Ordinal);

        Login alice = await host.Client.RunAsync(Away.Ssh($"alice@{Away.Host}", "sudo sallyport setup confirm"), phone.Passcode());
        Assert.True(alice.ExitCode == 0, alice.ToString());
        Recap third = await host.PlayAsync("ansible");
        Assert.True((third.ExitCode, third.Changed, third.Unreachable) == (0, 0, 0), third.Output);
        Assert.DoesNotContain("setup waits for a login", third.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await host.PingAsync("rescue")).ExitCode);
    }

    [Fact]
    public async Task Without_the_gate_s_word_for_it_the_key_alone_carries_ansible_nowhere()
    {
        await using StockHost host = await StockHost.StartAsync();
        Assert.Equal(0, (await host.PlayAsync("ansible")).ExitCode);

        // sshd still lets it in by its key alone; the agent's policy no longer does.
        host.Agent.Configure("[policy]\nask = all\n");

        Recap ping = await host.PingAsync("ansible");
        Assert.NotEqual(0, ping.ExitCode);
        Assert.DoesNotContain("SUCCESS", ping.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_check_mode_it_tells_and_changes_nothing_before_and_after()
    {
        await using StockHost host = await StockHost.StartAsync();

        Recap before = await host.PlayAsync("ansible", "--check");

        Assert.True((before.ExitCode, before.Failed) == (0, 0) && before.Changed > 0, before.Output);
        Assert.Empty(host.Calls());
        Assert.False(host.Sandbox.Exists("/usr/bin/sallyport"));
        Assert.False(host.Sandbox.Exists(StockHost.DropIn));

        Assert.Equal(0, (await host.PlayAsync("ansible")).ExitCode);
        Recap after = await host.PlayAsync("ansible", "--check");
        Assert.True((after.ExitCode, after.Changed) == (0, 0), after.Output);

        // Somebody took a file away: check mode says that there is something to do, and does not do it.
        await host.Sandbox.RunAsync("rm", StockHost.DropIn);
        Recap missing = await host.PlayAsync("ansible", "--check");
        Assert.True((missing.ExitCode, missing.Changed) == (0, 1), missing.Output);
        Assert.False(host.Sandbox.Exists(StockHost.DropIn));
    }

    [Theory]
    [InlineData("alice", "{}")] // its account is not in the list
    [InlineData("ansible", """{"sallyport_break_glass": {}}""")]
    public async Task It_refuses_to_lock_out_before_it_touches_anything(string user, string variables)
    {
        await using StockHost host = await StockHost.StartAsync();

        Recap run = await host.PlayAsync(user, "--extra-vars", variables);

        Assert.True(run.ExitCode != 0 && run.Failed == 1 && run.Changed == 0, run.Output);
        Assert.Empty(host.Calls());
        Assert.False(host.Sandbox.Exists("/usr/bin/sallyport"));
    }
}
