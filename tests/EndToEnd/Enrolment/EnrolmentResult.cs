using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>How an enrolment ended, and what lies in the home folder afterwards.</summary>
internal sealed partial record EnrolmentResult(Outcome Outcome, string? File, string Mode, string[] Left)
{
    public int ExitCode => Outcome.ExitCode;

    public string Output => Outcome.Output;

    public string Errors => Outcome.Errors;

    /// <summary>How often it asked yes or no.</summary>
    public int Questions => YesOrNo().Count(Output);

    /// <summary>What it says in the end, where that is not the usage.</summary>
    public string LastError => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("");

    /// <summary>What it says first: of a command line that cannot be read, getopt's words.</summary>
    public string FirstError => Errors.Split('\n').First();

    /// <summary>The file without what chance has put there. The secret's length is not chance: 1.08 had 26.</summary>
    public string? Settings => File is null ? null
        : RecoveryCode().Replace(Secret().Replace(File, "SECRET", 1), "CODE");

    public string[] Codes => File is null ? [] : [.. RecoveryCode().Matches(File).Select(match => match.Value)];

    public override string ToString() => $"{Outcome}\nfile ({Mode}):\n{File ?? "none"}\nleft: {string.Join(' ', Left)}";

    [GeneratedRegex(@"\(y/n\) ")]
    private static partial Regex YesOrNo();

    [GeneratedRegex("^(?:[A-Z2-7]{26}|[A-Z2-7]{32})$", RegexOptions.Multiline)]
    private static partial Regex Secret();

    [GeneratedRegex("^[1-9][0-9]{7}$", RegexOptions.Multiline)]
    private static partial Regex RecoveryCode();
}
