using Sallyport.Host.Interop;

namespace Sallyport.Login;

/// <summary>Who logs in, from where, and what for. Texts are Latin-1, one char a byte.</summary>
internal sealed record LoginFacts
{
    public required Account Account { get; init; }

    /// <summary>-f: the name at the server.</summary>
    public string? DuoUser { get; init; }

    /// <summary>-h: the client's address, where SSH_CONNECTION says none.</summary>
    public string? Host { get; init; }

    public string? SshConnection { get; init; }

    /// <summary>What is to be run; null: a login shell.</summary>
    public string? Command { get; init; }

    /// <summary>Standard input is a terminal.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Nobody can be asked: standard input and output belong to a program (scp, rsync).</summary>
    public bool IsHeadless { get; init; }

    /// <summary>DUO_PASSCODE</summary>
    public string? Passcode { get; init; }

    /// <summary>This host's own, in the client's connection.</summary>
    public string? HostAddress => SshConnection?.Split(' ') is [_, _, string address, ..] ? address : null;

    /// <summary>The client's address, as far as this process is told.</summary>
    public string? Address => (SshConnection ?? Host)?.Split(' ')[0] is { Length: > 0 } address ? address : null;
}
