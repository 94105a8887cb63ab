using System.Text;

namespace Sallyport.Protocol;

/// <summary>The lines of an enrolment text, by number of name. A login splits one while somebody waits.</summary>
internal readonly ref struct EnrolmentLines
{
    // In the order in which they are written.
    public const int Version = 0;
    public const int Secret = 1;
    public const int Mode = 2;
    public const int Digits = 3;
    public const int Algorithm = 4;
    public const int Period = 5;
    public const int Window = 6;
    public const int RateLimit = 7;
    public const int Reuse = 8;
    public const int Strict = 9;
    public const int Skew = 10;
    public const int Enrolled = 11;
    public const int RecoverySalt = 12;
    public const int Recovery = 13; // and the following
    public const int Notice = Recovery + RecoveryCodeHashes.MaxCodes; // and the following

    private const int Single = Recovery; // those before it must be there

    private static readonly byte[][] _names =
    [
        .. new[]
        {
            "version", "secret", "mode", "digits", "algorithm", "period", "window", "rate_limit", "reuse", "strict",
            "skew", "enrolled", "recovery_salt",
        }.Select(Encoding.ASCII.GetBytes),
        .. Enumerable.Range(0, RecoveryCodeHashes.MaxCodes).Select(i => Encoding.ASCII.GetBytes($"recovery_{i}")),
        .. Enumerable.Range(0, Protocol.Notice.MaxNotices).Select(i => Encoding.ASCII.GetBytes($"notice_{i}")),
    ];

    private readonly ReadOnlySpan<byte> _text;
    private readonly Range[] _values;
    private readonly int[] _lines;

    private EnrolmentLines(ReadOnlySpan<byte> text)
    {
        _text = text;
        _values = new Range[_names.Length];
        _lines = new int[_names.Length];
    }

    /// <summary>The name as it is written.</summary>
    public static ReadOnlySpan<byte> NameOf(int name) => _names[name];

    /// <summary>Empty where there is no such line: a line cannot have an empty value.</summary>
    public ReadOnlySpan<byte> this[int name] => _text[_values[name]];

    /// <summary>0 where there is no such line.</summary>
    public int LineOf(int name) => _lines[name];

    /// <summary>Every name is known and there once, and those that must be there are.</summary>
    /// <param name="text">Whole lines.</param>
    public static TotpFault TrySplit(ReadOnlySpan<byte> text, out EnrolmentLines lines)
    {
        lines = new(text);
        int number = 0;
        int name = -1;
        for (int start = 0, end; start < text.Length; start = end + 1)
        {
            number++;
            end = start + text[start..].IndexOf((byte)'\n');
            if (end < start)
            {
                return new(TotpProblem.Syntax, number);
            }

            TotpProblem problem = lines.Add(start, end, number, ref name);
            if (problem is not TotpProblem.None)
            {
                return new(problem, number);
            }
        }

        return new(lines._lines.AsSpan(0, Single).Contains(0) ? TotpProblem.Missing : TotpProblem.None);
    }

    /// <param name="name">The name of the line before; the next one usually follows it.</param>
    private TotpProblem Add(int start, int end, int number, ref int name)
    {
        ReadOnlySpan<byte> line = _text[start..end];
        int equals = line.IndexOf(" = "u8);
        if (equals <= 0 || equals + 3 == line.Length)
        {
            return TotpProblem.Syntax;
        }

        int tried = 0;
        do
        {
            name = name + 1 < _names.Length ? name + 1 : 0;
        }
        while (!line[..equals].SequenceEqual(_names[name]) && ++tried < _names.Length);

        if (tried == _names.Length || _lines[name] != 0)
        {
            return tried == _names.Length ? TotpProblem.UnknownName : TotpProblem.Duplicate;
        }

        _values[name] = (start + equals + 3)..end;
        _lines[name] = number;
        return TotpProblem.None;
    }
}
