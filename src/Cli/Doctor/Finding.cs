namespace Sallyport.Cli.Doctor;

/// <summary>From harmless to harm.</summary>
internal enum Severity
{
    Note,
    Warning,
    Error,
}

/// <summary>Something that is not as it should be.</summary>
/// <param name="Id">One of <see cref="FindingId"/>, for scripts and docs/reference/doctor.md.</param>
/// <param name="What">What is the case.</param>
/// <param name="Why">Why it matters.</param>
/// <param name="Mend">The command, or the line, that mends it.</param>
/// <param name="Where">file:line, or a path; empty where it is in no file.</param>
internal sealed record Finding(string Id, Severity Severity, string What, string Why, string Mend, string Where);
