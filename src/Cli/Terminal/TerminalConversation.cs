using System.Text;
using Sallyport.Host.Messages;
using Sallyport.Host.Qr;
using Sallyport.Protocol;

namespace Sallyport.Cli.Terminal;

/// <summary>A conversation with the person at this terminal.</summary>
internal sealed class TerminalConversation(QrMode qrMode) : IConversation, IDisposable
{
    private readonly List<IDisposable> _finished = [];

    public byte[]? Ask(string prompt, bool echo, Action? meanwhile = null)
    {
        string? line = echo ? Read(prompt, meanwhile) : Screen.ReadHiddenLine(prompt, meanwhile);
        return line is null ? null : Encoding.UTF8.GetBytes(line);
    }

    public void Tell(string text) => Screen.WriteError(Shown(text));

    public void Inform(string text) => Screen.Write(Shown(text) + "\n");

    public void Deliver()
    {
        // Each text is shown at once.
    }

    public bool IsGone => false;

    public bool ShowKey(string uri)
    {
        if (!KeyUri.TryParse(uri, out KeyUri? key))
        {
            throw new IOException("the agent sent a key URI that cannot be read");
        }

        using OtpSecret secret = key.Secret;
        KeyDisplay.Show(uri, Base32.Encode(secret.Expose()), qrMode);
        return true;
    }

    /// <summary>What sshd's log would have; the authority of this host keeps its own.</summary>
    public void Log(Priority priority, string text)
    {
    }

    public void SetToken(ReadOnlySpan<byte> token)
    {
    }

    public void AfterVerdict(IDisposable finished) => _finished.Add(finished);

    public void Dispose() => _finished.ForEach(finished => finished.Dispose());

    private static string? Read(string prompt, Action? meanwhile)
    {
        Screen.Write(prompt);
        meanwhile?.Invoke();
        return Screen.ReadLine();
    }

    // Lines are the agent's own, but a name in them is not: it must not move the cursor.
    private static string Shown(string text) => string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? '?' : c));
}
