using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Setup;

/// <summary>
/// sallyport setup confirm, from a connection that came in the new way. What counts is the kernel's word about whose child
/// this process is, and the agent's about that connection: no variable that somebody could set.
/// </summary>
internal static class ConfirmSetup
{
    public static int Run()
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

        string who = NewConnection(journal);
        Confirm(journal, $"by {who}");
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

    private static string NewConnection(Journal journal)
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
        return connection is not null && user is not null && FirstLogin.HasFactor(user) ? user
            : throw new SetupRefused("this connection was not asked for a passcode (an exempt or break-glass account, or "
                + "[hop]), so it proves nothing: log in as somebody who is asked");
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
