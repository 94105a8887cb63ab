namespace Sallyport.Protocol.Duo;

/// <summary>
/// Text that came from outside, made fit for a terminal or a log: what could move the cursor, end a line, or turn the
/// order of reading becomes <c>?</c>. Older Duo clients print what the server sends as it is.
/// </summary>
public static partial class DuoText
{
    /// <summary>The most characters of a line.</summary>
    public const int MaxLine = 256;

    /// <summary>The most characters of several lines.</summary>
    public const int MaxLines = 8192;

    /// <summary>One line: a name, an address, a command. TAB and LF become <c>?</c>, too.</summary>
    /// <param name="text">The text; null is empty.</param>
    public static string Line(string? text) => "";

    /// <summary>One line from bytes: what is no UTF-8 becomes <c>?</c>.</summary>
    /// <param name="utf8">The bytes.</param>
    public static string Line(ReadOnlySpan<byte> utf8) => "";

    /// <summary>Several lines, whole: a status or a prompt. TAB and LF stay.</summary>
    /// <param name="text">The text; null is empty.</param>
    public static string Lines(string? text) => "";
}
