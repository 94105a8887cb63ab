using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Sallyport.EndToEnd.Setup;
using Sallyport.EndToEnd.Systemd;

namespace Sallyport.EndToEnd.Bastion;

/// <summary>docs/how-to/bastion.md, done as it stands there.</summary>
public sealed class Given_the_bastion_page
{
    private const UnixFileMode Runnable = (UnixFileMode)0b111_101_101;
    private const string DropIns = "Include /etc/ssh/sshd_config.d/*.conf";

    private static readonly string _page = File.ReadAllText(Path.Combine(Built.Root, "docs/how-to/bastion.md"));
    private static readonly HowTo _howTo = HowTo.Read("bastion.md");

    [Fact]
    public async Task Its_steps_leave_one_way_in_and_going_back_opens_the_others()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync(DropIns, DropIns);
        PutSystemctl(net.Bastion, "bastion");
        PutSystemctl(net.Instance, "instance");
        WriteClientConfiguration(net);

        await EditByHandAsync(net.Instance);
        (await Db1Async(net, net.AtBastion.Phone.Passcode(), net.Code())).MustBeAllowed(net.Instance);
        Login again = await Db1Async(net, net.AtBastion.Phone.Passcode());
        again.MustBeAllowed(net.Instance);
        Assert.Single(again.Prompts);

        await FollowAsync(net.Instance, "Close the other ways");
        (await FromOtherAddressAsync(net)).MustBeRefused(net.Instance);
        (await Db1Async(net, net.AtBastion.Phone.Passcode())).MustBeAllowed(net.Instance);

        await FollowAsync(net.Bastion, "Make the bastion a passage only");
        (await Db1Async(net, net.AtBastion.Phone.Passcode())).MustBeAllowed(net.Instance);
        Login shell = await net.Outside.Client.RunAsync(["ssh", "alice@bastion", "id -un"], net.AtBastion.Phone.Passcode());
        Assert.True(shell.ExitCode != 0 && !shell.Output.Contains("alice", StringComparison.Ordinal), shell.ToString());
        Login elsewhere = await net.Outside.Client.RunAsync(
            ["ssh", "-W", "10.0.0.6:22", "alice@bastion"], net.AtBastion.Phone.Passcode());
        Assert.Contains("administratively prohibited", elsewhere.Errors, StringComparison.Ordinal);

        await FollowAsync(net.Instance, "Going back");
        await FollowAsync(net.Bastion, "Going back");
        await net.Instance.Sandbox.RunAsync("sed", "-i", @"/^\[hop\]$/,/^ask = within 30$/d", SetupHost.Policy);
        Login open = await FromOtherAddressAsync(net);
        open.MustBeAllowed(net.Instance);
        Login asked = await Db1Async(net, net.AtBastion.Phone.Passcode(), net.Code());
        asked.MustBeAllowed(net.Instance);
        Assert.Equal(2, asked.Prompts.Count);
    }

    [Fact]
    public async Task On_hosts_that_setup_has_made_its_lines_for_setup_are_added_to_what_stands_there()
    {
        await using SetupHost host = await SetupHost.StartAsync();
        await InsideAsync(host);
        await host.SetUpAsync("--enrolment=deny");
        await ConfirmAsync(host);

        await SetUpByPageAsync(host, "What the hosts behind ask");
        Login first = await FromBastionAsync(host, host.Phone.Passcode());
        Login again = await FromBastionAsync(host);
        Login elsewhere = await host.LoginAsync("alice");
        await SetUpByPageAsync(host, "On the bastion");
        await SetUpByPageAsync(host, "Ask everybody again");
        Login asked = await FromBastionAsync(host);

        Assert.True(first is { ExitCode: 0, Output: "alice" } && first.Prompts.Count == 1, first.ToString());
        Assert.True(again is { ExitCode: 0, Output: "alice" } && again.Prompts.Count == 0, again.ToString());
        Assert.Equal((255, ""), (elsewhere.ExitCode, elsewhere.Output));
        Assert.Equal((255, ""), (asked.ExitCode, asked.Output));
        Assert.Contains("enrolment = deny", host.Sandbox.Read(SetupHost.Policy), StringComparison.Ordinal);
        Assert.Contains("AllowAgentForwarding no", host.Sandbox.Read(SetupHost.DropIn), StringComparison.Ordinal);
        await host.AssertReachableAsync();
    }

    private static async Task SetUpByPageAsync(SetupHost host, string heading)
    {
        await host.Sandbox.RunAsync("sh", "-c", "yes | bash -ec \"$1\"", "sh", _howTo.Commands(heading));
        await ConfirmAsync(host);
    }

    private static async Task ConfirmAsync(SetupHost host)
    {
        host.ForgetPasscode();
        Login confirmed = await host.SshAsync("alice", "sudo sallyport setup confirm", host.Phone.Passcode());
        Assert.True(confirmed.ExitCode == 0, confirmed.ToString());
        host.ForgetPasscode();
    }

    /// <summary>The other machine has the bastion's address, too.</summary>
    private static async Task InsideAsync(SetupHost host)
    {
        await host.Sandbox.RunAsync([.. Away.Enter.Split(' '), "ip", "addr", "add", $"{BastionNetwork.BastionInside}/32", "dev", "to-host"]);
        await host.Sandbox.RunAsync("ip", "route", "add", $"{BastionNetwork.BastionInside}/32", "dev", "to-away");
    }

    private static Task<Login> FromBastionAsync(SetupHost host, params string[] answers) =>
        host.Client.RunAsync(Away.Ssh("-b", BastionNetwork.BastionInside, $"alice@{Away.Host}", "id -un"), answers);

    /// <summary>doctor has more to say of a host like this one, and nothing of the file.</summary>
    private static async Task EditByHandAsync(World world)
    {
        string[] commands = _howTo.Commands("A host that no setup has made").Split("sallyport doctor\n");
        Assert.Equal(2, commands.Length);
        await world.Sandbox.RunAsync("bash", "-ec", commands[0]);
        Outcome doctor = await world.Sandbox.TryAsync(StoreHost.Program, "doctor", "--json");
        Assert.DoesNotContain("configuration-broken", doctor.Output, StringComparison.Ordinal);

        string once = world.Sandbox.Read(SetupHost.Policy);
        await world.Sandbox.RunAsync("bash", "-ec", commands[0]);
        doctor = await world.Sandbox.TryAsync(StoreHost.Program, "doctor", "--json");
        Assert.Contains("configuration-broken", doctor.Output, StringComparison.Ordinal);
        world.Agent.Configure(once);
    }

    private static async Task FollowAsync(World world, string heading)
    {
        int reloads = world.Syslog.Count("Server listening");
        string commands = _howTo.Commands(heading);
        await world.Sandbox.RunAsync("bash", "-ec", commands);
        if (commands.Contains("systemctl reload", StringComparison.Ordinal))
        {
            await Wait.UntilAsync(
                () => world.Syslog.Count("Server listening") > reloads, "sshd listens anew", TestContext.Current.CancellationToken);
        }
    }

    // No systemd runs in there; of the page's commands this one alone is not the real one.
    private static void PutSystemctl(World world, string host) => world.Sandbox.Write("/usr/local/bin/systemctl", $"""
        #!/bin/sh
        [ "$*" = "reload ssh" ] && kill -HUP "$(cat /run/sshd-{host}.pid)"

        """, Runnable);

    /// <summary>The four lines of the page, with the name under which this network has its bastion.</summary>
    private static void WriteClientConfiguration(BastionNetwork net)
    {
        Match lines = Regex.Match(_page, @"```\n(Host db1\n.*?)```", RegexOptions.Singleline);
        Assert.True(lines.Success, "the page has no Host db1");
        string before = net.Outside.Sandbox.Read("/root/.ssh/config");
        net.Outside.Sandbox.Write("/root/.ssh/config", lines.Groups[1].Value + before);
        net.Outside.Sandbox.Write("/etc/hosts", net.Outside.Sandbox.Read("/etc/hosts")
            .Replace(" bastion\n", " bastion bastion.example.org\n", StringComparison.Ordinal));
    }

    private static Task<Login> Db1Async(BastionNetwork net, params string[] answers) =>
        net.Outside.Client.RunAsync(["ssh", "db1", "id -un"], answers);

    private static Task<Login> FromOtherAddressAsync(BastionNetwork net) => net.Bastion.Client.RunAsync(
        ["ssh", "-b", BastionNetwork.BastionsOtherAddress, "alice@instance", "id -un"], net.Code());
}
