namespace Sallyport.EndToEnd.Harness;

/// <summary>How a run of ssh, scp, sftp or rsync ended, and what the person was asked on the way.</summary>
internal sealed record Login(Outcome Outcome, IReadOnlyList<string> Prompts)
{
    public int ExitCode => Outcome.ExitCode;

    public string Output => Outcome.Output.Trim();

    public string Errors => Outcome.Errors;

    public override string ToString() => $"{Outcome}\nprompts: {string.Join(" | ", Prompts)}";
}
