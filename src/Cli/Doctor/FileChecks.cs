using System.Text.RegularExpressions;
using Sallyport.Cli.Setup;
using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Doctor;

/// <summary>Lines that stand there and do not count, so that a reader believes what is not so.</summary>
internal sealed partial class FileChecks(Findings findings, SshdProgram sshd, SshdFile file)
{
    private const string DropIns = "/etc/ssh/sshd_config.d";

    private static readonly string[] _matters =
    [
        "authenticationmethods", "kbdinteractiveauthentication", "usepam", "passwordauthentication", "permitrootlogin",
        "pubkeyauthentication", "permittunnel", "allowtcpforwarding", "disableforwarding", "forcecommand",
    ];

    public void Check()
    {
        string[] unread = [.. Glob.Files($"{DropIns}/*.conf").Where(path => !file.Files.Contains(path))];
        if (unread.Length > 0)
        {
            findings.Warning(FindingId.IncludeMissing, $"sshd does not read {string.Join(", ", unread)}",
                "no Include line leads there: what they demand is not demanded",
                $"put 'Include {DropIns}/*.conf' on the first line of {sshd.ConfigurationFile}", sshd.ConfigurationFile);
        }

        if (sshd.Settings.Count > 0)
        {
            findings.Note(FindingId.SshdCommandLine, $"sshd was started with -o {string.Join(" -o ", sshd.Settings)}",
                "what stands on its command line beats every file; it is counted here, but not where you look for it",
                "systemctl edit ssh (or SSHD_OPTS in /etc/default/ssh), and move it into the file");
        }

        foreach (SshdLine line in file.Of("challengeresponseauthentication").Concat(file.Of("skeyauthentication")))
        {
            findings.Note(FindingId.LegacyNames, $"{line.Keyword} is the old name of KbdInteractiveAuthentication",
                "both are one setting, of which the first line counts; newer sshds may drop the old name",
                "write KbdInteractiveAuthentication", line.Where);
        }

        foreach (string keyword in _matters)
        {
            CheckLosers(keyword);
        }
    }

    /// <summary>
    /// sshd refuses the whole file. It does so also where each way of AuthenticationMethods names a method that is off.
    /// </summary>
    public void Broken(string message)
    {
        bool off = message.Contains("Disabled method \"keyboard-interactive\"", StringComparison.Ordinal);
        bool none = message.Contains("AuthenticationMethods cannot be satisfied", StringComparison.Ordinal);
        SshdLine? line = file.Lines.FirstOrDefault(line =>
            off ? NameOf(line.Keyword) == "kbdinteractiveauthentication" : none && line.Keyword == "authenticationmethods");
        findings.Error(off ? FindingId.KeyboardInteractiveOff : none ? FindingId.NoWayIn : FindingId.SshdBroken,
            $"sshd refuses its configuration: {message.Replace('\n', ' ')}",
            "an sshd that runs goes on with the old one; after the next restart there is none, and nobody gets in",
            off ? "set 'KbdInteractiveAuthentication yes' before any other line that sets it; sshd -t" : "mend the line; sshd -t",
            line?.Where ?? WhereIn(message));
    }

    /// <summary>"/etc/ssh/sshd_config: line 3: Bad configuration option" or "/etc/ssh/sshd_config line 3: ..."</summary>
    private string WhereIn(string message)
    {
        Match place = Place().Match(message);
        return place.Success ? $"{place.Groups[1].Value}:{place.Groups[2].Value}" : sshd.ConfigurationFile;
    }

    /// <summary>
    /// A drop-in is there to win; in the main file a line that loses to a drop-in is what one wants, and so is one that
    /// loses to the drop-in that setup wrote.
    /// </summary>
    private void CheckLosers(string keyword)
    {
        SshdLine[] lines = [.. file.Lines.Where(line => line.Under.Count == 0 && NameOf(line.Keyword) == keyword)];
        if (lines is [{ File: SshdFiles.DropInPath }, ..])
        {
            return;
        }

        foreach (SshdLine loser in lines.Skip(1).Where(line => line.File.StartsWith(DropIns, StringComparison.Ordinal)
            && !line.Value.Equals(lines[0].Value, StringComparison.OrdinalIgnoreCase)))
        {
            findings.Warning(FindingId.DropInLoses,
                $"'{loser.Keyword} {loser.Value}' does not hold: {lines[0].Where} says '{lines[0].Value}' before it",
                "of two lines that set the same sshd takes the first one",
                $"remove the line at {lines[0].Where}, or give the drop-in a name that sorts before it", loser.Where);
        }
    }

    private static string NameOf(string keyword) =>
        keyword is "challengeresponseauthentication" or "skeyauthentication" ? "kbdinteractiveauthentication" : keyword;

    [GeneratedRegex(@"(/\S+?):? line (\d+)")]
    private static partial Regex Place();
}
