using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Doctor;

/// <summary>The host around it: SELinux, and which sshd it has.</summary>
internal sealed class HostChecks(Findings findings)
{
    private const string Enforcing = "/sys/fs/selinux/enforce";

    private static readonly Version _textsAtOnce = new(10, 3);

    public void Check(SshdProgram? sshd)
    {
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

    private static bool HasSelinuxModule() => Directory.Exists("/var/lib/selinux")
        && Directory.EnumerateDirectories("/var/lib/selinux")
            .Select(store => $"{store}/active/modules").Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Any(priority => Directory.Exists($"{priority}/sallyport"));
}
