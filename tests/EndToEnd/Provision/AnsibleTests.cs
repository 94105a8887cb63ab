namespace Sallyport.EndToEnd.Provision;

/// <summary>The role in eng/ansible, by the real ansible-playbook through the real sshd.</summary>
public sealed class Given_the_ansible_role
{
    private static readonly string[] _options =
    [
        "--ask=all", "--enrolment=required until 2099-01-31", "--after-enrolment=again",
        "--exempt=ansible:2099-12-31:Ansible logs in by its key alone, it's said",
        "--break-glass=rescue:2099-12-31:the second factor fails",
    ];

    [Fact]
    public async Task It_sets_up_once_and_its_second_run_gets_in_and_changes_nothing()
    {
        await using AnsibleHost host = await AnsibleHost.StartAsync();

        Recap first = await host.PlayAsync("ansible");

        Assert.True((first.ExitCode, first.Failed) == (0, 0) && first.Changed > 0, first.Output);
        Assert.Equal(
            [string.Join('\t', ["sallyport", "setup", "plan", "--json", .. _options]), string.Join('\t', ["sallyport", "setup", .. _options, "--yes"])],
            host.Calls());
        Assert.Empty(SetupContract.OptionsIn(_options).Except(SetupContract.Options));

        // Everybody else is asked now, and Ansible cannot answer.
        Assert.Contains("UNREACHABLE", (await host.PingAsync("alice")).Output, StringComparison.Ordinal);

        Recap second = await host.PlayAsync("ansible");

        Assert.True((second.ExitCode, second.Changed, second.Unreachable) == (0, 0, 0), second.Output);
        Assert.Equal(3, host.Calls().Length);
        Assert.Contains("\tplan\t", host.Calls()[2], StringComparison.Ordinal);
        // What setup wrote there is not taken for the shipped file.
        Assert.Contains("[exempt ansible]", host.Sandbox.Read("/etc/sallyport/sallyport.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_real_setup_leaves_ansible_its_way_in_and_nobody_else_one_without_a_passcode()
    {
        await using AnsibleHost host = await AnsibleHost.StartAsync(real: true);

        Recap first = await host.PlayAsync("ansible");
        Assert.True((first.ExitCode, first.Failed) == (0, 0) && first.Changed > 0, first.Output);
        Assert.True(host.Sandbox.Exists(AnsibleHost.DropIn), first.Output);
        Assert.Contains("UNREACHABLE", (await host.PingAsync("alice")).Output, StringComparison.Ordinal);

        Recap second = await host.PlayAsync("ansible");
        Assert.True((second.ExitCode, second.Changed, second.Unreachable) == (0, 0, 0), second.Output);
    }

    [Fact]
    public async Task Without_the_gate_s_word_for_it_the_key_alone_carries_ansible_nowhere()
    {
        await using AnsibleHost host = await AnsibleHost.StartAsync();
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
        await using AnsibleHost host = await AnsibleHost.StartAsync();

        Recap before = await host.PlayAsync("ansible", "--check");

        Assert.True((before.ExitCode, before.Failed) == (0, 0) && before.Changed > 0, before.Output);
        Assert.Empty(host.Calls());
        Assert.False(host.Sandbox.Exists("/usr/bin/sallyport"));
        Assert.False(host.Sandbox.Exists(AnsibleHost.DropIn));

        Assert.Equal(0, (await host.PlayAsync("ansible")).ExitCode);
        Recap after = await host.PlayAsync("ansible", "--check");
        Assert.True((after.ExitCode, after.Changed) == (0, 0), after.Output);

        // Somebody took a file away: check mode says that there is something to do, and does not do it.
        await host.Sandbox.RunAsync("rm", AnsibleHost.DropIn);
        Recap missing = await host.PlayAsync("ansible", "--check");
        Assert.True((missing.ExitCode, missing.Changed) == (0, 1), missing.Output);
        Assert.False(host.Sandbox.Exists(AnsibleHost.DropIn));
    }

    [Theory]
    [InlineData("alice", "{}")] // its account is not in the list
    [InlineData("ansible", """{"sallyport_break_glass": {}}""")]
    public async Task It_refuses_to_lock_out_before_it_touches_anything(string user, string variables)
    {
        await using AnsibleHost host = await AnsibleHost.StartAsync();

        Recap run = await host.PlayAsync(user, "--extra-vars", variables);

        Assert.True(run.ExitCode != 0 && run.Failed == 1 && run.Changed == 0, run.Output);
        Assert.Empty(host.Calls());
        Assert.False(host.Sandbox.Exists("/usr/bin/sallyport"));
    }
}
