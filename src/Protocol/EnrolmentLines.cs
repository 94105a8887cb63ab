namespace Sallyport.Protocol;

/// <summary>The lines of an enrolment text by their names.</summary>
internal readonly ref struct EnrolmentLines
{
    public const string Recovery = "recovery_";
    public const string Notice = "notice_";

    // In the order in which they are written.
    private static readonly string[] _single =
    [
        "version", "secret", "mode", "digits", "algorithm", "period", "window", "rate_limit", "reuse", "strict", "skew",
        "enrolled", "recovery_salt",
    ];

    private static readonly string[] _names =
    [
        .. _single,
        .. Enumerable.Range(0, RecoveryCodeHashes.MaxCodes).Select(i => $"{Recovery}{i}"),
        .. Enumerable.Range(0, Protocol.Notice.MaxNotices).Select(i => $"{Notice}{i}"),
    ];

    private static readonly byte[][] _bytes = [.. _names.Select(System.Text.Encoding.ASCII.GetBytes)];

    private readonly ReadOnlySpan<byte> _text;
    private readonly Range[] _values;
    private readonly int[] _lines;

    private EnrolmentLines(ReadOnlySpan<byte> text)
    {
        _text = text;
        _values = new Range[_names.Length];
        _lines = new int[_names.Length];
    }

    /// <summary>Empty where there is no such line: a line cannot have an empty value.</summary>
    public ReadOnlySpan<byte> this[string name] => _text[_values[Array.IndexOf(_names, name)]];

    /// <summary>0 where there is no such line.</summary>
    public int LineOf(string name) => _lines[Array.IndexOf(_names, name)];

    /// <summary>Every name is known and there once, and those that must be there are.</summary>
    /// <param name="text">Whole lines.</param>
    public static TotpFault TrySplit(ReadOnlySpan<byte> text, out EnrolmentLines lines)
    {
        lines = new(text);
        int number = 0;
        for (int start = 0, end; start < text.Length; start = end + 1)
        {
            number++;
            end = start + text[start..].IndexOf((byte)'\n');
            if (end < start)
            {
                return new(TotpProblem.Syntax, number);
            }

            TotpProblem problem = lines.Add(start, end, number);
            if (problem is not TotpProblem.None)
            {
                return new(problem, number);
            }
        }

        foreach (string name in _single)
        {
            if (lines.LineOf(name) == 0)
            {
                return new(TotpProblem.Missing);
            }
        }

        return new(TotpProblem.None);
    }

    private TotpProblem Add(int start, int end, int number)
    {
        ReadOnlySpan<byte> line = _text[start..end];
        int equals = line.IndexOf(" = "u8);
        if (equals <= 0 || equals + 3 == line.Length)
        {
            return TotpProblem.Syntax;
        }

        int name = 0;
        while (name < _bytes.Length && !line[..equals].SequenceEqual(_bytes[name]))
        {
            name++;
        }

        if (name == _bytes.Length || _lines[name] != 0)
        {
            return name == _bytes.Length ? TotpProblem.UnknownName : TotpProblem.Duplicate;
        }

        _values[name] = (start + equals + 3)..end;
        _lines[name] = number;
        return TotpProblem.None;
    }
}
