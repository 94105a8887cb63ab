using System.Text;
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
            Screen.Write(JsonSerializer.Serialize(plan.Report(), SetupReport.Default.PlanReport) + "\n");
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
            Screen.Write(Wrapped($"Note: {note}."));
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
            Screen.Write(JsonSerializer.Serialize(new StatusReport(state, left, files), SetupReport.Default.StatusReport) + "\n");
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

    /// <summary>In lines of 80 columns, broken between words.</summary>
    private static string Wrapped(string text)
    {
        StringBuilder lines = new();
        int column = 0;
        foreach (string word in text.Split(' '))
        {
            bool fits = column + 1 + word.Length <= 80;
            lines.Append(column == 0 ? "" : fits ? " " : "\n").Append(word);
            column = column > 0 && fits ? column + 1 + word.Length : word.Length;
        }

        return lines.Append('\n').ToString();
    }
}
