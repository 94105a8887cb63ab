using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Provision;
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

        await FollowAsync(net.Instance, "What the hosts behind ask");
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
        Login open = await FromOtherAddressAsync(net);
        open.MustBeAllowed(net.Instance);
        Login asked = await Db1Async(net, net.AtBastion.Phone.Passcode(), net.Code());
        asked.MustBeAllowed(net.Instance);
        Assert.Equal(2, asked.Prompts.Count);
    }

    [Fact]
    public async Task It_calls_setup_with_options_that_setup_has()
    {
        string[] calls = [.. _page.Split('\n').Where(line => line.StartsWith("sallyport setup ", StringComparison.Ordinal))];

        Assert.Equal(2, calls.Length);
        Assert.Empty(calls.SelectMany(call => SetupContract.OptionsIn(call.Split(' '))).Except(await SetupContract.OptionsAsync()));
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
