using System.Text;
using Sallyport.Host.Messages;
using Sallyport.Protocol.Duo;

namespace Sallyport.Host.Duo;

/// <summary>The greeting of <c>motd = yes</c>: sshd shows none before a command that it forces.</summary>
internal static class Motd
{
    public static void Show(IConversation conversation)
    {
        try
        {
            string text = DuoText.Lines(File.ReadAllText("/etc/motd")).TrimEnd('\n');
            conversation.Inform(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // A greeting that is not there.
        }
    }
}
