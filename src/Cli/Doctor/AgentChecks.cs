using Sallyport.Host.Configuration;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;

namespace Sallyport.Cli.Doctor;

/// <summary>The agent: whether it can be reached, and whether it can use what it keeps.</summary>
internal sealed class AgentChecks(Findings findings, TimeProvider time)
{
    private const int WritableByOthers = 0x12; // 0022
    private const int OthersBits = 0x3F; // 0077
    private const int Everybody = 0x1B6; // 0666
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>Null: no login can use it either.</summary>
    public HostConfiguration? Configuration(string path)
    {
        try
        {
            return new ConfigurationFile(path).Current();
        }
        catch (ConfigurationException wrong)
        {
            int end = wrong.Message.IndexOf(": ", StringComparison.Ordinal);
            findings.Error(FindingId.ConfigurationBroken, wrong.Message,
                "a configuration that cannot be used refuses everybody, so that a typing mistake never lets anybody in",
                $"mend the line; sallyport doctor --config={path}", end > 0 ? wrong.Message[..end] : path);
            return null;
        }
    }

    public void CheckSocket(string path)
    {
        const string Start = "systemctl enable --now sallyport-agent.socket";
        string folder = Path.GetDirectoryName(path) ?? "/";
        if (!FileFacts.TryRead(path, out FileFacts socket))
        {
            findings.Error(FindingId.SocketMissing, $"{path} is not there",
                "the module asks the agent there, and without an answer everybody is refused", Start, path);
            return;
        }

        if (socket.Uid != 0 || socket.Type != SysStat.S_IFSOCK
            || !FileFacts.TryRead(folder, out FileFacts above) || above.Uid != 0 || (above.Mode & WritableByOthers) != 0)
        {
            findings.Error(FindingId.SocketModes, $"{path} or its folder is not root's alone",
                "who can put another socket there is asked instead of the agent; the module refuses one that is not "
                    + "root's, and so everybody",
                $"chown root:root {folder}; chmod 0755 {folder}; {Start}", path);
        }
        else if ((socket.Mode & Everybody) != Everybody)
        {
            findings.Warning(FindingId.SocketModes, $"{path} has mode 0{Convert.ToString(socket.Mode, 8)}",
                "who is not root cannot enrol, see his status, or be asked by a program of his own", $"chmod 0666 {path}", path);
        }

        try
        {
            using AgentCall? agent = AgentCall.Connect(path);
            if (agent is null)
            {
                findings.Error(FindingId.SocketSilent, $"nobody listens at {path}",
                    "the module asks the agent there, and without an answer everybody is refused",
                    $"{Start}; systemctl restart sallyport-agent.service", path);
            }
        }
        catch (IOException foreign)
        {
            findings.Error(FindingId.SocketModes, foreign.Message,
                "the module refuses an agent that is not root's, and so everybody", Start, path);
        }
    }

    public void CheckState(string folder)
    {
        bool usable = true;
        foreach (string path in (string[])[folder, $"{folder}/totp", $"{folder}/invitations"])
        {
            if (FileFacts.TryRead(path, out FileFacts facts)
                && (facts.Type != SysStat.S_IFDIR || facts.Uid != 0 || (facts.Mode & OthersBits) != 0))
            {
                usable = false;
                findings.Error(FindingId.StateFolder, $"{path} is not a folder of root's alone (mode 0700)",
                    "the agent then uses nothing in it and refuses everybody: others may have read or written secrets",
                    $"chown root:root {path} && chmod 0700 {path}", path);
            }
        }

        if (usable && Directory.Exists($"{folder}/totp"))
        {
            CheckEntries($"{folder}/totp");
        }

        if (usable && Directory.Exists($"{folder}/invitations"))
        {
            CheckInvitations($"{folder}/invitations");
        }
    }

    private void CheckEntries(string folder)
    {
        using TotpStore store = TotpStore.At(folder, _patience);
        foreach (string user in Names(folder).Where(TotpStore.IsName))
        {
            using TotpReading reading = store.Open(user);
            if (reading.Problem is ReadProblem.Unusable)
            {
                string shown = Printable.Of(user);
                findings.Error(FindingId.EntryUnreadable, reading.Message ?? $"the entry of {shown} cannot be used",
                    "its account is asked, and no code is right", $"sallyport enroll --force --user={shown}", $"{folder}/{shown}");
            }
        }
    }

    private void CheckInvitations(string folder)
    {
        using var invitations = Invitations.At(folder);
        string[] over =
        [
            .. Names(folder).Where(user => TotpStore.IsName(user) && invitations.Find(user, time.GetUtcNow()) is null),
        ];
        if (over.Length > 0)
        {
            findings.Note(FindingId.InvitationExpired,
                $"{over.Length} invitations have expired, such as that of {Printable.Of(over[0])}",
                "whom they are for cannot enrol any more", $"sallyport invite {Printable.Of(over[0])}", folder);
        }
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
