namespace Sallyport.Host.Messages;

/// <summary>
/// The person at the other end, through whoever asks for him. Two ends exist: the agent's socket, and a program that
/// runs in the user's own terminal.
/// </summary>
internal interface IConversation
{
    /// <summary>The answer, which the caller wipes; null: nobody answered (cancelled, gone, timed out).</summary>
    /// <param name="meanwhile">Is done while the person is asked; what it throws is thrown.</param>
    byte[]? Ask(string prompt, bool echo, Action? meanwhile = null);

    /// <summary>An error text for the user.</summary>
    void Tell(string text);

    /// <summary>A text for the user that is no error.</summary>
    void Inform(string text);

    /// <summary>What was told so far is shown now: a wait follows, and no prompt.</summary>
    void Deliver();

    /// <summary>Whoever asked has gone away; nobody would hear an answer.</summary>
    bool IsGone { get; }

    /// <summary>A key URI, secret included, to be scanned or typed into an app by the person, and by nobody else seen.</summary>
    /// <returns>False: he has cancelled.</returns>
    bool ShowKey(string uri);

    /// <summary>A line in the log of the program that asks (sshd, sudo), which log watchers read.</summary>
    void Log(Priority priority, string text);

    /// <summary>Becomes PAM_AUTHTOK, for the next module.</summary>
    void SetToken(ReadOnlySpan<byte> token);

    /// <summary>Disposed of when the verdict is out: nobody needs to wait for that.</summary>
    void AfterVerdict(IDisposable finished);
}
