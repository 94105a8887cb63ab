using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Setup;

/// <summary>sallyport setup undo; with --unconfirmed, what the timer and the unit at boot run.</summary>
internal static class UndoSetup
{
    public static int Run(bool unconfirmedOnly)
    {
        using SetupLock held = SetupLock.Take();
        Journal? journal = Journal.Read();
        if (journal is null)
        {
            Undo.Sweep(null);
            Units.Disarm();
            Screen.Write("There is no setup to take back.\n");
            return unconfirmedOnly ? 0 : 1;
        }

        if (!unconfirmedOnly)
        {
            Screen.Write(Undo.Run(journal) + ".\n");
            Syslog.Notice("setup taken back by root");
            return 0;
        }

        bool waits = journal.State is SetupState.Unconfirmed && journal.Boot == Processes.Boot
            && Processes.SinceBoot < journal.Deadline;
        string? first = journal.State is SetupState.Unconfirmed && journal.ByFirstLogin ? FirstLogin.Happened(journal) : null;
        if (journal.State is SetupState.Confirmed || first is not null)
        {
            ConfirmSetup.Confirm(journal, $"by the first login with key and passcode: {first}");
        }
        else if (!waits)
        {
            TakeBack(journal);
        }

        return 0;
    }

    private static void TakeBack(Journal journal)
    {
        string why = journal.State is not SetupState.Unconfirmed ? "it had stopped half-way"
            : journal.ByFirstLogin && FirstLogin.HappenedHereOnly(journal) ? "nobody confirmed it; who logged in with both steps came from this host itself"
            : "nobody confirmed it";
        string done;
        try
        {
            done = Undo.Run(journal);
        }
        catch (IOException stuck)
        {
            Syslog.Alert($"setup could not be taken back, and it will be tried again: {stuck.Message}");
            throw;
        }

        string text = $"ssh asks as before, without sallyport: {why}; {done}";
        Syslog.Alert($"setup taken back: {text}");
        if (File.Exists("/usr/bin/wall"))
        {
            _ = Tool.Run("wall", $"sallyport setup: {text}");
        }

        Screen.Write(text + "\n");
    }
}
