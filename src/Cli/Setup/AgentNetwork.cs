using Sallyport.Host.Configuration;

namespace Sallyport.Cli.Setup;

/// <summary>The drop-in without which the agent has no network, and so no server to ask ([duo]).</summary>
internal static class AgentNetwork
{
    public const string Unit = "sallyport-agent.service";
    public const string Path = $"/etc/systemd/system/{Unit}.d/duo.conf";
    public const string Shipped = "/usr/share/sallyport/duo.conf";

    /// <summary>Null: nothing to change. One that is there stays: it may name addresses.</summary>
    /// <exception cref="SetupRefused">There is none that could be put there.</exception>
    public static FileChange? For(HostConfiguration configuration)
    {
        if (configuration.Duo is null || !Sshd.HasSystemd || HostFile.Read(Path) is not { Content: null } before)
        {
            return null;
        }

        HostFile shipped = HostFile.Read(Shipped);
        HostFile after = shipped.Content is null
            ? throw new SetupRefused($"{Shipped} is not there, without which the agent has no network for [duo]: install sallyport's programs")
            : before with { Content = shipped.Content };
        return new(before, after, after);
    }

    /// <exception cref="IOException">The agent goes on as it was.</exception>
    public static void Apply()
    {
        Tool.Must("systemctl", "daemon-reload");
        Tool.Must("systemctl", "try-restart", Unit);
    }

    /// <summary>As at boot, when whoever waits for another unit may wait for ever.</summary>
    public static void ApplySoon()
    {
        if (Sshd.HasSystemd)
        {
            _ = Tool.Run("systemctl", "daemon-reload");
            _ = Tool.Run("systemctl", "--no-block", "try-restart", Unit);
        }
    }
}
