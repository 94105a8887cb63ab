using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Setup;

/// <summary>
/// sallyport setup confirm, from a connection that came in the new way. What counts is the kernel's word about whose child
/// this process is, and the agent's about that connection: no variable that somebody could set.
/// </summary>
internal static class ConfirmSetup
{
    /// <param name="fromThisHost">A connection that comes from this host itself counts too.</param>
    public static int Run(bool fromThisHost)
    {
        using SetupLock held = SetupLock.Take();
        if (Journal.Read() is not Journal journal || journal.State is not SetupState.Unconfirmed)
        {
            throw new SetupRefused("there is no setup that waits to be confirmed");
        }

        if (journal.Boot != Processes.Boot || Processes.SinceBoot >= journal.Deadline)
        {
            throw new SetupRefused("too late: it is being taken back. Run sallyport setup again");
        }

        Confirm(journal, NewConnection(journal, fromThisHost || journal.FromThisHost));
        Screen.Write("Confirmed: it stays. 'sallyport setup undo' takes it back at any time.\n");
        return 0;
    }

    public static void Confirm(Journal journal, string how)
    {
        if (journal.State is not SetupState.Confirmed)
        {
            (journal with { State = SetupState.Confirmed }).Write();
            Syslog.Notice($"setup confirmed {how}");
        }

        new HostFile(Journal.Witness, null).Put();
        Units.Disarm();
    }

    /// <summary>Whose it is, for the log.</summary>
    private static string NewConnection(Journal journal, bool fromThisHost)
    {
        int session = Session(Sshd.Listener());
        if (session == 0)
        {
            throw new SetupRefused("this is no session of this host's sshd: log in anew by ssh, and run it there, outside of "
                + "tmux and screen");
        }

        if (Processes.Started(session) <= journal.Gate)
        {
            throw new SetupRefused("this connection is older than the new files, so it proves nothing: log in from a new terminal "
                + "and run it there");
        }

        string? connection = Processes.Connection(session);
        string? user = FirstLogin.Connections().Where(login => login.Connection == connection).Select(login => login.User).FirstOrDefault();
        if (connection is null || user is null || !FirstLogin.HasFactor(user))
        {
            throw new SetupRefused("this connection was not asked for a passcode (an exempt or break-glass account, or "
                + "[hop]), so it proves nothing: log in as somebody who is asked");
        }

        string from = connection.Split(' ')[0];
        bool isOwn = OwnAddress.IsClientOf(connection);
        return !isOwn ? $"by {user} from {from}"
            : fromThisHost ? $"by {user} from {from}, which is this host itself (--from-this-host)"
            : throw new SetupRefused($"this connection comes from this host itself ({from}), by ssh localhost, through a forwarded "
                + "port, or by a jump over this host, so it proves nothing about the way in from outside: log in from the "
                + "machine you work on, and run it there. Where every connection comes so, as by port forwarding of Session "
                + "Manager: sallyport setup confirm --from-this-host");
    }

    /// <summary>sshd's own process for the connection that this process belongs to: root's, and a child of the one that listens.</summary>
    private static int Session(int listener)
    {
        for (int pid = Environment.ProcessId; pid > 1 && listener > 0; pid = Processes.Parent(pid))
        {
            if (Processes.Parent(pid) == listener && Processes.IsSshd(pid) && Processes.Uid(pid) == 0)
            {
                return pid;
            }
        }

        return 0;
    }
}
