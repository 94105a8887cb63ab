using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;

namespace Sallyport.EndToEnd.Bastion;

/// <summary>What the instance asks of who comes from the bastion: section [hop] of its sallyport.conf.</summary>
public sealed class Given_an_instance_behind_a_bastion
{
    private const string NotAsked = "comes from the bastion and is not asked";
    private const string AnotherKey = "/root/.ssh/another";

    [Fact]
    public async Task Nobody_outside_reaches_it_but_through_the_bastion()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();

        Login straight = await net.Outside.Client.RunAsync(
            ["ssh", "-o", "ConnectTimeout=2", $"alice@{BastionNetwork.InstanceAddress}", "id -un"], net.Code());
        Assert.Equal(255, straight.ExitCode);
        Assert.Empty(straight.Prompts);

        // That it is the bastion that keeps him out, and no mistake in the wires:
        await net.Bastion.Sandbox.RunAsync("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
        Login forwarded = await net.Outside.Client.RunAsync(
            ["ssh", "-o", "ConnectTimeout=2", $"alice@{BastionNetwork.InstanceAddress}", "id -un"], net.Code());
        forwarded.MustBeAllowed(net.Instance);
        await net.Bastion.Sandbox.RunAsync("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward");

        Login jump = await JumpAsync(net, net.AtBastion.Phone.Passcode(), net.Code());
        jump.MustBeAllowed(net.Instance);
        Assert.Equal($"{BastionNetwork.BastionInside} alice", jump.Output);
        Assert.Equal(["(alice@bastion) Verification code: ", "(alice@instance) Verification code: "], jump.Prompts);
    }

    [Fact]
    public async Task Refused_at_the_bastion_nobody_comes_to_the_instance()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();

        Login jump = await JumpAsync(net, net.AtBastion.Phone.WrongPasscode(), net.Code());

        jump.MustBeRefused(net.Bastion);
        Assert.Equal(["(alice@bastion) Verification code: "], jump.Prompts);
        Assert.Equal(0, net.Instance.Syslog.Count("Connection from"));
    }

    /// <summary>ssh to the bastion, and ssh again in the shell there: with a key that lies at the bastion.</summary>
    [Fact]
    public async Task The_hop_by_shell_is_asked_at_both_or_at_the_bastion_alone_as_the_instance_says()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        await net.Bastion.Sandbox.RunAsync(
            "sh", "-ec", "cp -R /root/.ssh /home/alice/.ssh; sed -i s,/root/,/home/alice/, /home/alice/.ssh/config; chown -R alice:alice /home/alice/.ssh");
        const string Hop = "ssh -o BatchMode=no alice@instance id -un";

        // Asked, and no terminal to answer at.
        Policy(net, "always");
        Login asked = await net.Outside.Client.RunAsync(["ssh", "alice@bastion", Hop], net.AtBastion.Phone.Passcode());
        asked.MustBeRefused(net.Instance);

        Policy(net, "never");
        Login hop = await net.Outside.Client.RunAsync(["ssh", "alice@bastion", Hop], net.AtBastion.Phone.Passcode());
        hop.MustBeAllowed(net.Instance);
        Assert.Equal("alice", hop.Output);
        Assert.Equal(["(alice@bastion) Verification code: "], hop.Prompts);
    }

    [Fact]
    public async Task Always_asks_each_time()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        Policy(net, "always");

        await AskedAsync(net);
        await AskedAsync(net);
        (await HopAsync(net, net.AtInstance.Phone.WrongPasscode())).MustBeRefused(net.Instance);
    }

    [Fact]
    public async Task Never_asks_nobody_who_comes_from_the_bastion_and_everybody_else()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        Policy(net, "never");

        await SparedAsync(net);
        await AskedAsync(net, "-b", BastionNetwork.BastionsOtherAddress);
    }

    [Fact]
    public async Task Within_the_minutes_the_same_key_from_the_bastion_is_not_asked_again()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        await MakeAnotherKeyAsync(net);
        Policy(net, "within 10");

        await AskedAsync(net);
        await SparedAsync(net);
        await net.Instance.Syslog.LineAsync(NotAsked);

        // Another key, another address, another person: each is asked; and the first key is still spared afterwards.
        await AskedAsync(net, "-i", AnotherKey, "-o", "IdentityFile=none");
        await AskedAsync(net, "-b", BastionNetwork.BastionsOtherAddress);
        Account bob = await net.Instance.AddAccountAsync("bob");
        Enrolled enrolled = await BastionNetwork.EnrolAsync(net.Instance, bob.Name);
        net.Instance.Sandbox.Write("/etc/ssh/authorized_keys/bob", net.Bastion.Client.PublicKey + "\n");
        Login other = await net.Bastion.Client.RunAsync(["ssh", "bob@instance", "id -un"], enrolled.Phone.Passcode());
        other.MustBeAllowed(net.Instance);
        Assert.Single(other.Prompts);
        await SparedAsync(net);
    }

    [Fact]
    public async Task A_proof_from_elsewhere_or_a_wrong_passcode_spares_nobody()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        Policy(net, "within 10");

        await AskedAsync(net, "-b", BastionNetwork.BastionsOtherAddress);
        (await HopAsync(net, net.AtInstance.Phone.WrongPasscode())).MustBeRefused(net.Instance);
        await AskedAsync(net);
    }

    [Fact]
    public async Task A_new_agent_remembers_nothing_and_an_unusable_policy_refuses()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        Policy(net, "within 10");
        await AskedAsync(net);
        await SparedAsync(net);

        await net.Instance.Agent.KillAsync();
        await net.Instance.Agent.StartAsync();
        await AskedAsync(net);

        Policy(net, "within 0");
        (await HopAsync(net, net.Code())).MustBeRefused(net.Instance);
    }

    /// <summary>Through -J the instance sees the key from outside and the bastion's address: that pair is remembered.</summary>
    [Fact]
    public async Task Through_proxyjump_too_the_second_time_is_asked_at_the_bastion_alone()
    {
        await using BastionNetwork net = await BastionNetwork.StartAsync();
        Policy(net, "within 10");

        (await JumpAsync(net, net.AtBastion.Phone.Passcode(), net.Code())).MustBeAllowed(net.Instance);
        Login again = await JumpAsync(net, net.AtBastion.Phone.Passcode());

        again.MustBeAllowed(net.Instance);
        Assert.Equal(["(alice@bastion) Verification code: "], again.Prompts);

        // The key that lies at the bastion has not proved anything by it.
        await AskedAsync(net);
    }

    private static void Policy(BastionNetwork net, string ask) => net.Instance.Agent.Configure(
        $"[policy]\n[hop]\nfrom = {BastionNetwork.BastionInside}\nask = {ask}\n");

    private static Task<Login> JumpAsync(BastionNetwork net, params string[] answers) => net.Outside.Client.RunAsync(
        ["ssh", "-J", "alice@bastion", "alice@instance", "echo ${SSH_CONNECTION%% *} $(id -un)"], answers);

    private static Task<Login> HopAsync(BastionNetwork net, string? answer = null, params string[] options) =>
        net.Bastion.Client.RunAsync(["ssh", .. options, "alice@instance", "id -un"], answer is null ? [] : [answer]);

    private static async Task AskedAsync(BastionNetwork net, params string[] options)
    {
        Login login = await HopAsync(net, net.Code(), options);
        login.MustBeAllowed(net.Instance);
        Assert.Equal(["(alice@instance) Verification code: "], login.Prompts);
    }

    private static async Task SparedAsync(BastionNetwork net, params string[] options)
    {
        Login login = await HopAsync(net, answer: null, options);
        login.MustBeAllowed(net.Instance);
        Assert.Empty(login.Prompts);
    }

    private static async Task MakeAnotherKeyAsync(BastionNetwork net)
    {
        await net.Bastion.Sandbox.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", AnotherKey);
        string file = "/etc/ssh/authorized_keys/alice";
        net.Instance.Sandbox.Write(file, net.Instance.Sandbox.Read(file) + net.Bastion.Sandbox.Read(AnotherKey + ".pub"));
    }
}
