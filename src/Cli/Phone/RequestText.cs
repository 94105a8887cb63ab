using System.Globalization;
using System.Text;

namespace Sallyport.Cli.Phone;

/// <summary>
/// A waiting login as it is shown. A name in it may be anybody's: it moves no cursor and begins no column.
/// </summary>
internal static class RequestText
{
    private const int LongestInfo = 300; // what is signed stays on the screen

    /// <summary>One line, a TAB between its parts.</summary>
    public static string Line(PendingRequest request, DateTimeOffset now) => string.Join('\t',
        Shown(request.Transaction),
        $"application={Shown(request.Record.Application)}",
        $"user={Shown(request.Record.User)}",
        $"host={Shown(request.Record.Host ?? "unknown")}",
        $"address={Shown(request.Record.Address ?? "unknown")}",
        $"{SecondsLeft(request, now)} s left",
        request.Digits is int digits ? $"asks for a number of {digits} digits" : "asks for no number");

    /// <summary>All that is signed, each on its line, and what the host says beside it.</summary>
    public static string Full(PendingRequest request, DateTimeOffset now)
    {
        StringBuilder text = new();
        Add("login", request.Transaction);
        Add("application", request.Record.Application);
        Add("user", request.Record.User);
        Add("host", request.Record.Host ?? "unknown");
        Add("from address", request.Record.Address ?? "unknown");
        Add("with ssh key", request.Record.Key ?? "unknown");
        Add("server", request.Record.Server);
        Add("waits for", $"{SecondsLeft(request, now)} more seconds");
        if (request.Info is { Length: > 0 } encoded)
        {
            string info = Uri.UnescapeDataString(encoded.Replace('+', ' ')); // pairs, as hosts send a form's
            Add("host's words", info.Length > LongestInfo ? info[..LongestInfo] + "..." : info);
        }

        return text.ToString();

        void Add(string name, string value) =>
            text.Append(CultureInfo.InvariantCulture, $"{name + ":",-14}{Shown(value)}\n");
    }

    /// <summary>
    /// Without what a terminal would obey and an eye would not see: controls, marks that turn the direction or take no
    /// place, ends of lines. A question mark stands where one was.
    /// </summary>
    public static string Shown(string text)
    {
        StringBuilder shown = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool visible = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned);
            shown.Append(visible ? rune.ToString() : "?");
        }

        return shown.ToString();
    }

    private static long SecondsLeft(PendingRequest request, DateTimeOffset now) =>
        Math.Max(0, unchecked(request.Record.Expires - now.ToUnixTimeSeconds()));
}
