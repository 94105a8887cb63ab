using System.Globalization;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>Option lines: <c>" NAME value</c>.</summary>
public sealed partial class StateFile
{
    private static ReadOnlySpan<byte> LineEnds => "\r\n"u8;

    private static ReadOnlySpan<byte> Blanks => " \t"u8;

    /// <summary>The value of the first line with that name, without the blanks before it and without its line end.</summary>
    private bool TryFind(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (!TryFindLine(name, 0, out int start, out _))
        {
            value = default;
            return false;
        }

        ReadOnlySpan<byte> rest = Text[(start + 2 + name.Length)..];
        int end = rest.IndexOfAny(LineEnds);
        value = (end < 0 ? rest : rest[..end]).TrimStart(Blanks);
        return true;
    }

    /// <summary>
    /// Writes <c>" NAME value</c> LF in place of the first line with that name and the blank lines after it, or after
    /// the secret line if there is none, and deletes later lines with that name in the same way.
    /// </summary>
    private void Set(ReadOnlySpan<byte> name, string value)
    {
        byte[] line = [(byte)'"', (byte)' ', .. name, (byte)' ', .. Encoding.ASCII.GetBytes(value), LineFeed];
        if (!TryFindLine(name, 0, out int start, out int stop))
        {
            start = stop = StartOfSecondLine();
        }

        Splice(start, stop, line);
        int next = start + line.Length;
        while (TryFindLine(name, next, out start, out stop))
        {
            Splice(start, stop, default);
        }
    }

    /// <summary>The first line at or after a line's start that has that name; stop is where the next one starts.</summary>
    private bool TryFindLine(ReadOnlySpan<byte> name, int from, out int start, out int stop)
    {
        for (start = from; start < _length; start = stop)
        {
            stop = NextLine(start);
            if (HasName(Text[start..], name))
            {
                return true;
            }
        }

        stop = start;
        return false;
    }

    private static bool HasName(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        if (!line.StartsWith("\" "u8) || !line[2..].StartsWith(name))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = line[(2 + name.Length)..];
        return rest.IsEmpty || rest[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or LineFeed;
    }

    /// <summary>Lines end with any run of CR and LF, so blank lines belong to the line before them.</summary>
    private int NextLine(int start)
    {
        int end = Text[start..].IndexOfAny(LineEnds);
        return end < 0 ? _length : SkipLineEnds(start + end);
    }

    private int SkipLineEnds(int position)
    {
        int skipped = Text[position..].IndexOfAnyExcept(LineEnds);
        return skipped < 0 ? _length : position + skipped;
    }

    /// <summary>The secret ends at the first LF; a file that has none gets one, or the secret would swallow the line.</summary>
    private int StartOfSecondLine()
    {
        int end = Text.IndexOf(LineFeed);
        if (end < 0)
        {
            Splice(_length, _length, "\n"u8);
            return _length;
        }

        return SkipLineEnds(end);
    }

    private static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Joined(ReadOnlySpan<long> numbers)
    {
        StringBuilder text = new();
        foreach (long number in numbers)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{number}");
        }

        return text.ToString();
    }
}
