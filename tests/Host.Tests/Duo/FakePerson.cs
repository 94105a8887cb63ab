using System.Globalization;
using System.Text;
using Sallyport.Host.Messages;

namespace Sallyport.Host.Tests.Duo;

/// <summary>Somebody who types what he has been told to, and then nothing; and the log of his login.</summary>
internal sealed class FakePerson(params string[] answers) : IConversation
{
    private readonly Queue<string> _answers = new(answers);

    /// <summary>As login_duo writes them with -d.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>The last line of each prompt.</summary>
    public List<string> Prompts { get; } = [];

    public List<string> Texts { get; } = [];

    public bool IsGone => false;

    public byte[]? Ask(string prompt, bool echo, Action? meanwhile = null)
    {
        Prompts.Add(prompt.Split('\n')[^1]);
        return _answers.TryDequeue(out string? answer) ? Encoding.UTF8.GetBytes(answer) : null;
    }

    public void Tell(string text) => Texts.Add(text);

    public void Inform(string text) => Texts.Add(text);

    public void Deliver()
    {
        // It is seen at once.
    }

    public void Log(Priority priority, string text) =>
        Lines.Add(string.Create(CultureInfo.InvariantCulture, $"[{(int)priority}] {text}"));

    public bool ShowKey(string uri) => throw new InvalidOperationException("no key is shown here");

    public void SetToken(ReadOnlySpan<byte> token) => throw new InvalidOperationException("no token is set here");

    public void AfterVerdict(IDisposable finished) => finished.Dispose();
}
