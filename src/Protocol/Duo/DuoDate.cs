namespace Sallyport.Protocol.Duo;

/// <summary>
/// The date of a request (RFC 5322 section 3.3), read more widely than it is written, because the C clients before
/// 2.2.3 write it in the host's language and zone. The HMAC is over its text, so reading widely accepts no other text.
/// </summary>
public static partial class DuoDate
{
    /// <summary>The most characters of a date.</summary>
    public const int MaxLength = 100;

    /// <summary>How far a date and the clock may be apart: five minutes.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Parses <c>[weekday,] day month year hh:mm:ss zone</c>. The weekday is whatever stands before a comma. The month
    /// is English, whole or its first three letters, in either case, with or without a dot, or its number. The zone is
    /// <c>GMT</c>, <c>UTC</c>, <c>UT</c>, <c>Z</c> or an offset. Never throws.
    /// </summary>
    /// <remarks>
    /// The name of a month in another language is refused: the name is the only place that says the month, and to guess
    /// it from the clock would accept what nobody has checked.
    /// </remarks>
    /// <param name="text">The text; null is no date.</param>
    /// <param name="date">The instant, in UTC; the default value if the text is no date.</param>
    public static bool TryParse(string? text, out DateTimeOffset date)
    {
        date = default;
        return false;
    }

    /// <summary>Whether two instants are no further apart than this, the limit included.</summary>
    /// <param name="date">The one.</param>
    /// <param name="now">The other.</param>
    /// <param name="window">The limit: <see cref="Window"/>, if nothing else is wanted.</param>
    public static bool IsWithin(DateTimeOffset date, DateTimeOffset now, TimeSpan window) => (date - now).Duration() <= window;
}
