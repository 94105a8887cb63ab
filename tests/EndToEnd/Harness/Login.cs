namespace Sallyport.EndToEnd.Harness;

/// <summary>How a run of ssh, scp, sftp or rsync ended, and what the person was asked on the way.</summary>
internal sealed record Login(Outcome Outcome, IReadOnlyList<string> Prompts)
{
    public int ExitCode => Outcome.ExitCode;

    public string Output => Outcome.Output.Trim();

    public string Errors => Outcome.Errors;

    public void MustBeAllowed(World world) => Assert.True(ExitCode == 0, $"not let in:\n{this}\n{world.Syslog}");

    /// <summary>255 is what ssh itself ends with, so no command ran.</summary>
    public void MustBeRefused(World world) => Assert.True(ExitCode == 255, $"not refused:\n{this}\n{world.Syslog}");

    public override string ToString() => $"{Outcome}\nprompts: {string.Join(" | ", Prompts)}";
}
