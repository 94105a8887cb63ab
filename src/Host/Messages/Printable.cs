using System.Text;

namespace Sallyport.Host.Messages;

/// <summary>Foreign text, fit for a log line or a terminal: control characters and bytes over 0x7E become '?'.</summary>
internal static class Printable
{
    private const int Longest = 256;

    public static string Of(string latin1)
    {
        var text = new StringBuilder(Math.Min(latin1.Length, Longest));
        foreach (char c in latin1.AsSpan(0, Math.Min(latin1.Length, Longest)))
        {
            text.Append(c is >= ' ' and <= '~' ? c : '?');
        }

        return latin1.Length > Longest ? text.Append("...").ToString() : text.ToString();
    }
}
