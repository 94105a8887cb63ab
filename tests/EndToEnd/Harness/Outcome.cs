namespace Sallyport.EndToEnd.Harness;

/// <summary>What a command that has ended left behind.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit {ExitCode}\n{Output}\n{Errors}";
}
