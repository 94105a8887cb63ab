using System.Globalization;
using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.RootOnlyStore;
using Tool = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Bastion;

/// <summary>
/// Three machines, each with network, files, processes and agent of its own: a client outside, a bastion with a leg on
/// each side, and an instance that has a wire to the bastion and to nobody else. alice has an account on both hosts, and
/// a phone with an entry for each. The addresses are those of docs/how-to/bastion.md.
/// </summary>
internal sealed class BastionNetwork : IAsyncDisposable
{
    public const string BastionInside = "10.0.0.5";
    public const string BastionsOtherAddress = "10.0.0.6";
    public const string InstanceAddress = "10.0.1.7";

    private const string BastionOutside = "203.0.113.5";

    private readonly World[] _worlds;
    private int _used;

    // The store takes a passcode once, and some tests prove the factor more often than a step lasts.
    private string[] _codes = [];

    private BastionNetwork(World[] worlds)
    {
        _worlds = worlds;
    }

    public World Outside => _worlds[0];

    public World Bastion => _worlds[1];

    public World Instance => _worlds[2];

    public Account AtBastion { get; private set; } = null!;

    public Account AtInstance { get; private set; } = null!;

    /// <summary>What proves alice's factor at the instance: the next of her recovery codes.</summary>
    public string Code() => _codes[_used++];

    public static async Task<BastionNetwork> StartAsync(string bastionLines = "", string instanceLines = "")
    {
        var network = new BastionNetwork(await Task.WhenAll(World.StartAsync(), World.StartAsync(), World.StartAsync()));
        try
        {
            await network.WireAsync();
            await network.PeopleAsync();
            CancellationToken cancellationToken = TestContext.Current.CancellationToken;
            await SshHost.StartAsync(network.Bastion.Sandbox, "bastion", BastionOutside, bastionLines, cancellationToken);
            await SshHost.StartAsync(network.Instance.Sandbox, "instance", InstanceAddress, instanceLines, cancellationToken);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }

        return network;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (World world in _worlds)
        {
            await world.DisposeAsync();
        }
    }

    private async Task WireAsync()
    {
        await CableAsync(Outside, "203.0.113.2", Bastion, BastionOutside, 24);
        await CableAsync(Bastion, BastionInside, Instance, InstanceAddress, 16);
        await Bastion.Sandbox.RunAsync("ip", "addr", "add", $"{BastionsOtherAddress}/16", "dev", "to-" + Name(Instance));

        // Ways there are in both directions; the bastion just forwards nothing.
        await Outside.Sandbox.RunAsync("ip", "route", "add", "default", "via", BastionOutside);
        await Instance.Sandbox.RunAsync("ip", "route", "add", "default", "via", BastionInside);
    }

    private async Task CableAsync(World left, string leftAddress, World right, string rightAddress, int bits)
    {
        string net = $"--net=/proc/{left.Sandbox.Pid}/ns/net";
        string peer = right.Sandbox.Pid.ToString(CultureInfo.InvariantCulture);
        (await Tool.RunAsync("nsenter", [
            net, "ip", "link", "add", "to-" + Name(right), "type", "veth",
            "peer", "name", "to-" + Name(left), "netns", peer])).Succeeded();
        foreach ((World world, string address, string link) in
            ((World, string, string)[])[(left, leftAddress, Name(right)), (right, rightAddress, Name(left))])
        {
            await world.Sandbox.RunAsync("ip", "addr", "add", string.Create(CultureInfo.InvariantCulture, $"{address}/{bits}"), "dev", "to-" + link);
            await world.Sandbox.RunAsync("ip", "link", "set", "to-" + link, "up");
        }
    }

    /// <summary>Into the root-only store: a proof by a file in a home spares nobody.</summary>
    public static async Task<Enrolled> EnrolAsync(World host, string user)
    {
        host.Sandbox.Copy(Built.Command, StoreHost.Program);
        return StoreHost.Read(await host.Sandbox.RunAsync(
            StoreHost.Program, "enroll", "--user", user, "-C", "-Q", "NONE", "-u", "-e", "10"));
    }

    private string Name(World world) => world == Outside ? "outside" : world == Bastion ? "bastion" : "instance";

    private async Task PeopleAsync()
    {
        AtBastion = await Bastion.AddAccountAsync("alice");
        AtInstance = await Instance.AddAccountAsync("alice");
        await AtBastion.EnrolAsync("TOTP_AUTH");
        _codes = (await EnrolAsync(Instance, "alice")).Codes;

        // Her key on her own machine opens both; the one that she has at the bastion opens the instance.
        Bastion.Sandbox.Write("/etc/ssh/authorized_keys/alice", Outside.Client.PublicKey + "\n");
        Instance.Sandbox.Write(
            "/etc/ssh/authorized_keys/alice", $"{Outside.Client.PublicKey}\n{Bastion.Client.PublicKey}\n");
        foreach (World from in (World[])[Outside, Bastion])
        {
            from.Sandbox.Write("/root/.ssh/known_hosts",
                $"* {SshHost.PublicKey(Bastion.Sandbox)}\n* {SshHost.PublicKey(Instance.Sandbox)}\n");
        }

        Outside.Sandbox.Write("/etc/hosts", Outside.Sandbox.Read("/etc/hosts") + $"{BastionOutside} bastion\n");
        Bastion.Sandbox.Write("/etc/hosts", Bastion.Sandbox.Read("/etc/hosts") + $"{InstanceAddress} instance\n");
    }
}
