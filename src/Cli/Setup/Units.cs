using System.Globalization;

namespace Sallyport.Cli.Setup;

/// <summary>What takes a setup back when nobody does: a timer, and a unit at boot before sshd.</summary>
internal static class Units
{
    private const string Timer = "sallyport-setup-undo.timer";
    private const string Boot = "sallyport-setup-boot.service";

    /// <exception cref="IOException">Then nothing may be changed.</exception>
    public static void Arm(TimeSpan patience)
    {
        if (Sshd.HasSystemd)
        {
            Tool.Must("systemctl", "enable", "--quiet", Boot, Timer);
            Tool.Must("systemctl", "start", Timer);
            return;
        }

        // Without systemd a process waits instead; it does not outlive a reboot, and setup says so.
        string seconds = ((int)patience.TotalSeconds + 1).ToString(CultureInfo.InvariantCulture);
        Tool.Must("setsid", "--fork", "sh", "-c",
            "exec </dev/null >/dev/null 2>&1; sleep \"$1\"; exec \"$2\" setup undo --unconfirmed",
            "sh", seconds, Environment.ProcessPath!);
    }

    public static void Disarm()
    {
        if (Sshd.HasSystemd)
        {
            // The timer's own service may be who asks, so nothing is waited for.
            _ = Tool.Run("systemctl", "disable", "--quiet", "--no-reload", Boot, Timer);
            _ = Tool.Run("systemctl", "stop", "--no-block", Timer);
        }
    }

    /// <exception cref="IOException">The agent cannot be started, so nobody could log in.</exception>
    public static void StartAgent()
    {
        if (Sshd.HasSystemd)
        {
            Tool.Must("systemctl", "enable", "--quiet", "--now", "sallyport-agent.socket");
        }
    }
}
