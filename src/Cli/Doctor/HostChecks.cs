using Sallyport.Cli.Sshd;
using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>The host around it: its clock, SELinux, and which sshd it has.</summary>
internal sealed class HostChecks(Findings findings)
{
    private const string Enforcing = "/sys/fs/selinux/enforce";

    private static readonly Version _textsAtOnce = new(10, 3);

    // Who keeps the clock leaves one of these while it runs.
    private static readonly string[] _keepers =
        ["/run/systemd/timesync", "/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid", "/run/ntpsec/ntpd.pid"];

    public void Check(SshdProgram? sshd)
    {
        CheckClock();
        if (File.Exists(Enforcing) && File.ReadAllText(Enforcing).Trim() == "1" && !HasSelinuxModule())
        {
            findings.Warning(FindingId.SelinuxModule, "SELinux is enforcing, and the policy module sallyport is not loaded",
                "sshd may not be allowed to connect to the agent's socket; then everybody is refused",
                "semodule -i sallyport.pp", Enforcing);
        }

        if (sshd?.Version() is Version version)
        {
            findings.Note(FindingId.SshdGeneration, $"{sshd.Path} is OpenSSH {version}",
                version < _textsAtOnce
                    ? "up to 10.2 a text shows only together with the next prompt, so what must be seen stands in a prompt"
                    : "from 10.3 on a text shows at once",
                "nothing to do", sshd.Path);
        }
    }

    private void CheckClock()
    {
        if (SysTimex.IsSynchronised())
        {
            return;
        }

        const string What = "the kernel does not hold the clock for synchronised";
        const string Why = "codes are made of the time: a minute off, and every right code is wrong";
        const string Mend = "timedatectl set-ntp true (or: systemctl enable --now chrony)";
        if (_keepers.Any(Path.Exists))
        {
            findings.Warning(FindingId.ClockUnsynchronised, What, Why, Mend);
        }
        else
        {
            findings.Note(FindingId.ClockUnsynchronised, What + ", and nothing here keeps it", Why, Mend);
        }
    }

    private static bool HasSelinuxModule() => Directory.Exists("/var/lib/selinux")
        && Directory.EnumerateDirectories("/var/lib/selinux")
            .Select(store => $"{store}/active/modules").Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Any(priority => Directory.Exists($"{priority}/sallyport"));
}
