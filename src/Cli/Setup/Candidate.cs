using System.Globalization;
using System.Text.Json;
using Sallyport.Cli.Doctor;

namespace Sallyport.Cli.Setup;

/// <summary>
/// The host's files as they would be, in a mount namespace of their own, and what doctor says of them there. Nothing that
/// somebody else sees is changed.
/// </summary>
internal static class Candidate
{
    // Not in the folder that an undo clears away: plan may run at the same time.
    private const string Prefix = "/run/sallyport-candidate-";

    private const string Script = """
        set -e
        mount --bind "$1/pam.d" /etc/pam.d
        mount --bind "$1/ssh" /etc/ssh
        mount --bind "$1/sallyport" /etc/sallyport
        exec "$2" doctor --json
        """;

    // Warnings that are no reason against it: what they tell of lets nobody past and keeps nobody out, or setup itself
    // sees to it. All others are, and each error.
    private static readonly HashSet<string> _bearable =
    [
        FindingId.PermitTunnel, FindingId.UserEnvironment, FindingId.SocketModes, FindingId.ClockUnsynchronised, FindingId.ClockOffset,
        FindingId.SelinuxModule, FindingId.DropInLoses, FindingId.ExemptEnding, FindingId.BreakGlassMissing,
        FindingId.BreakGlassUnused, FindingId.BreakGlassKeys, FindingId.AskGroupEmpty,
        FindingId.DuoServer, FindingId.DuoNetwork, FindingId.DuoClock,
    ];

    // setup reloads sshd; and copies are newer than what sshd has read.
    private const string Reloaded = FindingId.SshdNotReloaded;

    // By systemd the agent's socket is opened when setup begins.
    private static readonly HashSet<string> _begun = [FindingId.SocketMissing, FindingId.SocketSilent];

    /// <param name="files">What setup would leave.</param>
    /// <exception cref="IOException">They cannot be tried, so nothing can be promised.</exception>
    public static IReadOnlyList<Finding> Examine(IEnumerable<HostFile> files)
    {
        string folder = Prefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        try
        {
            RemoveWhatKilledOnesLeft();
            Lay(folder, files);
            Ran doctor = Tool.Run("unshare", "--mount", "--propagation", "private",
                "sh", "-c", Script, "sh", folder, Environment.ProcessPath!);
            return doctor.Output.Length > 0 ? Report.Parse(doctor.Output)
                : throw new IOException($"the new files cannot be looked at in a place of their own: {doctor.Errors}");
        }
        catch (JsonException broken)
        {
            throw new IOException($"doctor says nothing of use about the new files: {broken.Message}", broken);
        }
        finally
        {
            Remove(folder);
        }
    }

    /// <summary>What setup may not leave behind and call done.</summary>
    public static bool IsReason(Finding finding) => finding.Severity switch
    {
        Severity.Error => !(Sshd.HasSystemd && _begun.Contains(finding.Id)),
        Severity.Warning => finding.Id != Reloaded && !_bearable.Contains(finding.Id),
        _ => false,
    };

    /// <summary>What setup may leave behind, and tells: also that root is kept out, which is well and surprises.</summary>
    public static bool IsToldOnly(Finding finding) => finding.Id == FindingId.RootKeyOnly
        || (finding.Severity is Severity.Warning && finding.Id is not (Reloaded or FindingId.DuoNetwork) && !IsReason(finding));

    public static string Say(Finding finding) =>
        $"{finding.Id}{(finding.Where.Length > 0 ? $" ({finding.Where})" : "")}: {finding.What}; {finding.Why}. "
        + $"To mend it: {finding.Mend}";

    /// <summary>Copies of the folders that setup changes files in, with those files.</summary>
    /// <exception cref="IOException">One cannot be copied, or a link leads out of the copy.</exception>
    public static void Lay(string folder, IEnumerable<HostFile> files)
    {
        Remove(folder);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string name in (string[])["pam.d", "ssh", "sallyport"])
        {
            Tool.Must("cp", "-a", $"/etc/{name}", $"{folder}/{name}");
        }

        foreach (HostFile file in files)
        {
            string copy = folder + file.Path["/etc".Length..];
            for (string above = Path.GetDirectoryName(copy)!; above != folder; above = Path.GetDirectoryName(above)!)
            {
                if (new DirectoryInfo(above).LinkTarget is not null)
                {
                    throw new IOException($"/etc{above[folder.Length..]} is a symbolic link, which setup does not follow: "
                        + "put a folder in its place");
                }
            }

            (file with { Path = copy }).Put();
        }
    }

    private static void RemoveWhatKilledOnesLeft()
    {
        foreach (string left in Directory.GetDirectories("/run", Path.GetFileName(Prefix) + "*")
            .Where(path => !Directory.Exists($"/proc/{path[Prefix.Length..]}")))
        {
            Remove(left);
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
