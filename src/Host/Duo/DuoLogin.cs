using Sallyport.Host.Interop;

namespace Sallyport.Host.Duo;

/// <summary>Who logs in, where, and how he can be asked. Texts are Latin-1: one char, one byte.</summary>
internal sealed record DuoLogin
{
    /// <summary>Whose factor is asked for. Of <c>su</c> to root that is the account that calls it.</summary>
    public required Account Account { get; init; }

    /// <summary>
    /// His name at the server, where the command line gives it (-f); null: the account's, or what its GECOS says.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary>The ssh client's address as sshd, or root, says it; null: nobody who is believed has said.</summary>
    public string? Address { get; init; }

    /// <summary>Where only the user himself says: the phone shows it as his own word, and no policy reads it.</summary>
    public string? ClaimedAddress { get; init; }

    /// <summary>What the login is for, as the phone shows it.</summary>
    public string? Command { get; init; }

    /// <summary>The host's own address in this connection.</summary>
    public string? HostAddress { get; init; }

    /// <summary>Nobody can be asked or told anything (scp, rsync): the usual factor, once.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>A passcode that came with the login (DUO_PASSCODE).</summary>
    public byte[]? Passcode { get; init; }

    /// <summary>A first factor was proven, so a stranger cannot make his phone ring.</summary>
    public bool MayPush { get; init; }

    /// <summary>
    /// A text is seen when it is told. Else, with sshd, it is seen with the next prompt, and a wait without one looks
    /// like a login that hangs.
    /// </summary>
    public bool ShowsTexts { get; init; }

    /// <summary>Whether whoever waits has gone without the program that asks having noticed.</summary>
    public Func<bool> IsLost { get; init; } = static () => false;

    /// <summary>
    /// How long he may take to answer on his phone. Our own server ends a push before; a service that never does is not
    /// waited for.
    /// </summary>
    public TimeSpan Patience { get; init; } = DuoClient.PersonPatience;

    /// <summary>This connection has pushed already; its next attempt asks.</summary>
    public bool HasPushed { get; init; }
}
