using System.Globalization;
using Tool = Sallyport.EndToEnd.Dev.Command;

namespace Sallyport.EndToEnd.Harness;

/// <summary>
/// Another machine, as far as the host's sshd can see: a network of its own with a wire to the host. What runs there has
/// the host's files and processes, and another address.
/// </summary>
internal static class Away
{
    /// <summary>The host, as it is seen from there.</summary>
    public const string Host = "203.0.113.22";

    /// <summary>In front of what is to run there.</summary>
    public const string Enter = "nsenter --net=" + Network;

    public const string Address = "203.0.113.7";

    private const string Network = "/run/away";

    /// <param name="pid">A process of the host.</param>
    public static async Task WireAsync(int pid)
    {
        string root = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/root");
        string network = root + Network;
        await RunAsync("nsenter", "--target", pid.ToString(CultureInfo.InvariantCulture), "--mount", "--root", "--wd", "--net", "--pid",
            "sh", "-ec", $"touch {Network}; unshare --net={Network} true");
        await InAsync(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/ns/net"), $"""
            ip link add to-away type veth peer name to-host netns {network}
            ip addr add {Host}/24 dev to-away
            ip link set to-away up
            """);
        await InAsync(network, $"""
            ip addr add {Address}/24 dev to-host
            ip link set to-host up
            ip link set lo up
            """);
    }

    /// <summary>An ssh from there.</summary>
    public static string[] Ssh(params string[] arguments) => [.. Enter.Split(' '), "ssh", .. arguments];

    private static Task InAsync(string network, string lines) => RunAsync("nsenter", $"--net={network}", "sh", "-ec", lines);

    private static async Task RunAsync(string program, params string[] arguments) =>
        (await Tool.RunAsync(program, arguments)).Succeeded();
}
