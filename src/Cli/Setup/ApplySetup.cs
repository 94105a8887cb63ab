using System.Runtime.InteropServices;
using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Setup;

/// <summary>sallyport setup itself: plan, show, apply, and say what is to be done next.</summary>
internal static class ApplySetup
{
    /// <param name="fromThisHost">With yes: the first login may come from this host itself.</param>
    public static int Run(SetupChoices choices, bool yes, bool fromThisHost)
    {
        using SetupLock held = SetupLock.Take();
        TakeBackWhatStopped();
        choices = yes ? choices : SetupQuestions.Ask(choices);
        Plan plan = Plan.Make(choices, provedByProbe: yes);
        ShowSetup.Write(plan);
        if (plan.Refusals.Count > 0)
        {
            return 1;
        }

        if (!yes && !SetupQuestions.Agrees("Put this in place, and try it?"))
        {
            Screen.Write("Nothing is changed.\n");
            return 1;
        }

        // The terminal may go away at the reload, or somebody grow impatient: what was begun goes to its end.
        PosixSignalRegistration[] deaf =
        [
            .. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
                .Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true)),
        ];
        try
        {
            Rehearsal.Run(plan, Screen.WriteError);
            TimeSpan patience = yes ? Deadlines.FirstLogin : Deadlines.Interactive;
            Transaction.Apply(plan, patience, new(yes, fromThisHost), Screen.WriteError);
        }
        catch (IOException failed) when (yes)
        {
            Syslog.Alert($"setup --yes: {failed.Message.ReplaceLineEndings(" ")}");
            throw;
        }
        finally
        {
            Array.ForEach(deaf, registration => registration.Dispose());
        }

        Syslog.Notice("setup is in place, and waits to be confirmed");
        Screen.Write(yes
            ? "It is in place. The first login with key and passcode confirms it; without one within an hour all is taken back.\n"
            : "It is in place, and the logins that were tried did what they should.\n"
                + "Keep this session open. From a NEW connection run, within 10 minutes:\n\n    sudo sallyport setup confirm\n\n"
                + "Without that, all is taken back by itself.\n");
        if (!Sshd.HasSystemd)
        {
            Screen.Write("No systemd runs here, so nothing would take it back after a reboot.\n");
        }

        return 0;
    }

    private static void TakeBackWhatStopped()
    {
        Journal? journal = Journal.Read();
        if (journal?.State is null or SetupState.Confirmed)
        {
            Undo.Sweep(journal);
            return;
        }

        if (journal!.State is SetupState.Unconfirmed && journal.Boot == Processes.Boot && journal.Deadline > Processes.SinceBoot)
        {
            throw new SetupRefused("a setup waits to be confirmed: sallyport setup confirm, or sallyport setup undo");
        }

        Screen.WriteError($"sallyport setup: an earlier setup had stopped half-way: {Undo.Run(journal)}");
    }
}
