using System.Text.Json;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Setup;

/// <summary>What setup would do, and where it stands.</summary>
internal static class ShowSetup
{
    /// <param name="yes">What setup --yes would do: it proves the break-glass account itself.</param>
    public static int Plan(SetupChoices choices, bool json, bool yes)
    {
        Plan plan = Setup.Plan.Make(choices, provedByProbe: yes);
        if (json)
        {
            Screen.Write(JsonSerializer.Serialize(plan.Report(), JournalContext.Default.PlanReport) + "\n");
        }
        else
        {
            Write(plan);
        }

        return plan.Refusals.Count == 0 ? 0 : 1;
    }

    public static void Write(Plan plan)
    {
        foreach (FileChange file in plan.Files)
        {
            Screen.Write(file.Before.Hash == file.After.Hash ? $"{file.Before.Path}: as it is\n"
                : UnifiedDiff.Of(file.Before, file.After));
        }

        foreach (string note in plan.Notes)
        {
            Screen.Write($"Note: {note}.\n");
        }

        foreach (string refusal in plan.Refusals)
        {
            Screen.WriteError($"sallyport setup: {refusal}");
        }
    }

    public static int Status(bool json)
    {
        Journal? journal = Journal.Read();
        bool waits = journal?.State is SetupState.Unconfirmed && journal.Boot == Processes.Boot;
        string state = journal is null ? "none" : waits ? "unconfirmed"
            : journal.State is SetupState.Confirmed ? "confirmed" : "stopped half-way";
        long left = waits ? Math.Max(0, journal!.Deadline - Processes.SinceBoot) / 1000 : 0;
        StatusFile[] files =
        [
            .. from file in journal?.Files ?? []
               let hash = HostFile.Read(file.Path).Hash
               select new StatusFile(file.Path, file.After.Contains(hash) ? "setup's" : hash == file.Before ? "as before" : "changed since"),
        ];
        if (json)
        {
            Screen.Write(JsonSerializer.Serialize(new StatusReport(state, left, files), JournalContext.Default.StatusReport) + "\n");
            return 0;
        }

        Screen.Write($"setup: {state}\n");
        if (waits)
        {
            Screen.Write($"taken back in {left / 60} min {left % 60} s, unless confirmed by "
                + (journal!.ByFirstLogin ? "a login with key and passcode\n" : "'sallyport setup confirm' from a new connection\n"));
        }

        foreach (StatusFile file in files)
        {
            Screen.Write($"  {file.Path}: {file.State}\n");
        }

        return 0;
    }
}
