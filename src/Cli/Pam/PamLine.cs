namespace Sallyport.Cli.Pam;

/// <summary>The four kinds of lines.</summary>
internal enum PamType
{
    None,
    Auth,
    Account,
    Password,
    Session,
}

/// <summary>A line of a stack, with what it includes already in its place.</summary>
/// <param name="Module">As it stands there.</param>
/// <param name="Level">How many substacks it is in; what ends a substack goes on behind it.</param>
internal sealed record PamLine(
    PamType Type, PamControl Control, string Module, IReadOnlyList<string> Arguments, string File, int Line, int Level)
{
    /// <summary>Stands before the lines of a substack, as in libpam's own list, and does nothing.</summary>
    public const string Substack = "substack";

    /// <summary>"pam_unix.so" and "/usr/lib/security/pam_unix.so" are the same module.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Module);

    public string Where => $"{File}:{Line}";
}
