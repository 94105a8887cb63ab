using System.Globalization;
using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Doctor;

/// <summary>Whether the sshd that runs has read its files since they changed: all else here is about the files.</summary>
internal sealed class ReloadChecks(Findings findings, SshdProgram sshd, SshdFile file)
{
    public void Check(EffectiveConfiguration effective)
    {
        if (sshd.Process is not int process || (Reloaded(effective["pidfile"], process) ?? Started(process)) is not { } since)
        {
            return;
        }

        // A folder: a file that has been taken out of it is still obeyed.
        if (file.Files.Concat(file.Folders).FirstOrDefault(path => IsNewer(path, since)) is string newer)
        {
            findings.Warning(FindingId.SshdNotReloaded,
                $"{newer} is newer than what sshd (process {process}) has read",
                "an sshd that runs goes on as its files were when it started or was last reloaded: what is found here is about "
                    + "the files as they are now",
                "sshd -t && systemctl reload sshd", newer);
        }
    }

    private static bool IsNewer(string path, DateTimeOffset since) =>
        FileFacts.TryRead(path, out FileFacts facts, follow: true)
        && (Directory.Exists(path) ? facts.Written : facts.Changed) > since;

    /// <summary>On SIGHUP sshd begins anew as the same process, and writes this file again.</summary>
    private static DateTimeOffset? Reloaded(string pidFile, int process) =>
        FileFacts.TryRead(pidFile, out FileFacts facts) && facts.Uid == 0
        && File.ReadAllText(pidFile).Trim() == process.ToString(CultureInfo.InvariantCulture)
            ? facts.Written
            : null;

    /// <summary>Null: it has ended.</summary>
    private static DateTimeOffset? Started(int process)
    {
        try
        {
            using var of = System.Diagnostics.Process.GetProcessById(process);
            return of.StartTime;
        }
        catch (Exception ended) when (ended is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
