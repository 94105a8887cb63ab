using Sallyport.Host.Messages;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Who sees and hears all, and says nothing.</summary>
internal sealed class FakePerson : IConversation
{
    public List<string> Shown { get; } = [];

    public List<string> Logged { get; } = [];

    public bool IsGone => false;

    public byte[]? Ask(string prompt, bool echo, Action? meanwhile = null)
    {
        Shown.Add(prompt);
        return null;
    }

    public void Tell(string text) => Shown.Add(text);

    public void Inform(string text) => Shown.Add(text);

    public void Deliver()
    {
        // It is shown already.
    }

    public bool ShowKey(string uri) => throw new InvalidOperationException("nobody enrols here");

    public void Log(Priority priority, string text) => Logged.Add(text);

    public void SetToken(ReadOnlySpan<byte> token) => throw new InvalidOperationException("nobody wants a password");

    public void AfterVerdict(IDisposable finished) => finished.Dispose();
}
