using System.Net;

namespace Sallyport.Cli.Setup;

/// <summary>
/// Where systemd holds sshd's port (ssh.socket of Debian and Ubuntu, sshd.socket elsewhere): what of it setup cannot
/// work with. One sshd that the first connection starts is well, as Ubuntu has it from 22.10 on.
/// </summary>
internal static class SshdSocket
{
    /// <summary>Null: nothing is in the way.</summary>
    public static string? Problem()
    {
        foreach (string name in Sshd.HasSystemd ? (string[])["ssh", "sshd"] : [])
        {
            string[] said = Tool.Run(
                "systemctl", "show", "-p", "ActiveState", "-p", "Accept", "-p", "Listen", $"{name}.socket")
                .Output.Split('\n');
            if (said.Contains("ActiveState=active") && Problem(said) is string problem)
            {
                return $"{name}.socket {problem}: systemctl disable --now {name}.socket && systemctl enable --now "
                    + $"{Sshd.Unit}.service, and run it again";
            }
        }

        return null;
    }

    private static string? Problem(string[] said)
    {
        if (said.Contains("Accept=yes"))
        {
            return "starts an sshd for each connection, so no new one could be told from an old one, or confirm";
        }

        // Reloaded, sshd listens where its own files say, and nobody is left behind systemd's port.
        string held = Ports(said.Select(line => line.Split(['=', ' ']) is ["Listen", string at, "(Stream)"] ? at : ""));
        string own = Ports(Sshd.Effective("root")["listenaddress"]);
        return held == own ? null : $"listens on port {held}, where sshd's own files say {own}, and a reload would part them";
    }

    private static string Ports(IEnumerable<string> addresses) => string.Join(", ", addresses
        .Select(address => IPEndPoint.TryParse(address, out IPEndPoint? at) ? at.Port : 0)
        .Where(port => port > 0).Distinct().Order());
}
