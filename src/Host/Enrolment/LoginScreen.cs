using System.Text;
using Sallyport.Host.Messages;
using Sallyport.Host.Qr;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>
/// Shows a key where there are only texts and prompts: nobody knows the terminal at the other end, so the QR code fits
/// 80 columns, has no colours, and is left out for who asks; key and URI follow in any case.
/// </summary>
internal sealed class LoginScreen(IConversation conversation) : IConversation
{
    private const int Columns = 79; // some terminals break the line at the 80th

    public byte[]? Ask(string prompt, bool echo, Action? meanwhile = null) => conversation.Ask(prompt, echo, meanwhile);

    public void Deliver() => conversation.Deliver();

    public bool IsGone => conversation.IsGone;

    public bool ShowKey(string uri)
    {
        byte[]? answer = conversation.Ask(
            "An app on your phone takes a secret, best as a QR code.\n"
            + "Press Enter to see it, or type t for text only (screen reader, no UTF-8): ", echo: true);
        if (answer is null || !KeyUri.TryParse(uri, out KeyUri? key))
        {
            return false;
        }

        string? drawing = answer is [(byte)'t' or (byte)'T', ..] ? null : QrDrawing.Draw(uri, QrMode.Utf8Inverse, Columns);
        using OtpSecret secret = key.Secret;
        string spelled = string.Join(' ', Base32.Encode(secret.Expose()).Chunk(4).Select(four => new string(four)));
        string text = (drawing is null ? "" : "\n" + drawing)
            + $"\nThe secret, to type into an app:\n  {spelled}\nThe same as a link:\n  {uri}\n";
        conversation.Inform(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text))); // texts are one char a byte
        return true;
    }

    public void Tell(string text) => conversation.Tell(text);

    public void Inform(string text) => conversation.Inform(text);

    public void Log(Priority priority, string text) => conversation.Log(priority, text);

    public void SetToken(ReadOnlySpan<byte> token) => conversation.SetToken(token);

    public void AfterVerdict(IDisposable finished) => conversation.AfterVerdict(finished);
}
