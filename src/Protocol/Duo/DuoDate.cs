using System.Globalization;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// The date of a request (RFC 5322 section 3.3), read more widely than it is written, because the C clients before
/// 2.2.3 write it in the host's language and zone. The HMAC is over its text, so reading widely accepts no other text.
/// </summary>
public static class DuoDate
{
    /// <summary>The most characters of a date.</summary>
    public const int MaxLength = 100;

    private const int MaxOffsetHours = 14;

    private static readonly string[] Months =
    [
        "january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december",
    ];

    /// <summary>How far a date and the clock may be apart: five minutes.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Parses <c>[weekday,] day month year hh:mm:ss zone</c>. The weekday is whatever stands before a comma. The month
    /// is English, whole or its first three letters, in either case, with or without a dot, or it is its number, behind
    /// which the word for month may stand. The zone is <c>GMT</c>, <c>UTC</c>, <c>UT</c>, <c>Z</c> or an offset of at
    /// most 14 hours; <c>-0000</c> is UTC. Years are 1970 to 9998. Never throws.
    /// </summary>
    /// <remarks>
    /// The name of a month in another language is refused: nothing else in the text says the month, and to take the one
    /// that suits the clock would let the clock prove itself.
    /// </remarks>
    /// <param name="text">The text; null is no date.</param>
    /// <param name="date">The instant, in UTC; the default value if the text is no date.</param>
    public static bool TryParse(string? text, out DateTimeOffset date)
    {
        date = default;
        if (text is null or { Length: > MaxLength })
        {
            return false;
        }

        string[] words = text[(text.IndexOf(',', StringComparison.Ordinal) + 1)..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [string day, string month, string year, string time, string zone]
            || !TryNumber(day, 1, 2, out int days)
            || !TryMonth(month, out int months)
            || !TryNumber(year, 4, 4, out int years)
            || years is < 1970 or > 9998
            || days < 1
            || days > DateTime.DaysInMonth(years, months)
            || !TryTime(time, out TimeSpan ofDay)
            || !TryZone(zone, out TimeSpan offset))
        {
            return false;
        }

        date = new DateTimeOffset(years, months, days, 0, 0, 0, TimeSpan.Zero) + ofDay - offset;
        return true;
    }

    /// <summary>Whether two instants are no further apart than this, the limit included.</summary>
    /// <param name="date">The one.</param>
    /// <param name="now">The other.</param>
    /// <param name="window">The limit: <see cref="Window"/>, if nothing else is wanted.</param>
    public static bool IsWithin(DateTimeOffset date, DateTimeOffset now, TimeSpan window) =>
        (date - now).Duration() <= window;

    private static bool TryNumber(ReadOnlySpan<char> text, int fewest, int most, out int number)
    {
        number = 0;
        return text.Length >= fewest
            && text.Length <= most
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static bool TryMonth(ReadOnlySpan<char> text, out int month)
    {
        int digits = text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;
        if (digits > 0)
        {
            // As the languages of East Asia write it: a number and the one character that means month.
            return TryNumber(text[..digits], 1, 2, out month)
                && month is >= 1 and <= 12
                && text[digits..] is "" or "." or "月" or "월";
        }

        ReadOnlySpan<char> name = text.EndsWith('.') ? text[..^1] : text;
        for (month = 1; month <= Months.Length; month++)
        {
            string whole = Months[month - 1];
            if (name.Equals(whole, StringComparison.OrdinalIgnoreCase)
                || name.Equals(whole.AsSpan(0, 3), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Two digits each; no leap second, because no clock that a client reads has one.</summary>
    private static bool TryTime(string text, out TimeSpan time)
    {
        time = default;
        if (text.Split(':') is not [string hour, string minute, string second]
            || !TryNumber(hour, 2, 2, out int hours)
            || !TryNumber(minute, 2, 2, out int minutes)
            || !TryNumber(second, 2, 2, out int seconds)
            || hours > 23
            || minutes > 59
            || seconds > 59)
        {
            return false;
        }

        time = new(hours, minutes, seconds);
        return true;
    }

    private static bool TryZone(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "GMT" or "UTC" or "UT" or "Z")
        {
            return true;
        }

        if (text.Length is not (5 or 6)
            || text[0] is not ('+' or '-')
            || (text.Length == 6 && text[3] != ':')
            || !TryNumber(text[1..3], 2, 2, out int hours)
            || !TryNumber(text[^2..], 2, 2, out int minutes)
            || minutes > 59
            || hours > MaxOffsetHours
            || (hours == MaxOffsetHours && minutes > 0))
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
