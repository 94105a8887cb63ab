namespace Sallyport.Protocol;

/// <summary>Recovery codes: lines that hold one number of eight digits.</summary>
public sealed partial class StateFile
{
    private const int MinRecoveryCode = 10_000_000;
    private const int MaxRecoveryCode = 99_999_999;

    /// <summary>
    /// Deletes the first line that is this recovery code, and the blank lines after it. False, and nothing changed, if
    /// there is none before the first line that is neither an option nor a recovery code: what follows such a line is
    /// never read.
    /// </summary>
    /// <param name="code">10000000 to 99999999; any other number is no recovery code.</param>
    public bool TryUseRecoveryCode(uint code)
    {
        if (!TryFindRecoveryCode(code, out int start, out int stop))
        {
            return false;
        }

        Splice(start, stop, default);
        return true;
    }

    private bool TryFindRecoveryCode(uint code, out int start, out int stop)
    {
        int secretEnd = Text.IndexOf(LineFeed);
        start = secretEnd < 0 ? _length : secretEnd;
        while (true)
        {
            start = stop = SkipLineEnds(start);
            ReadOnlySpan<byte> line = Text[start..];
            if (!line.IsEmpty && line[0] == '"')
            {
                // An option line ends at its LF only: a lone CR in it hides what follows.
                int end = line.IndexOf(LineFeed);
                start = end < 0 ? _length : start + end;
                continue;
            }

            CNumber number = CNumber.Unsigned(line);
            ReadOnlySpan<byte> rest = line[number.Length..];
            bool isCode = number.IsValid && number.Int32 is >= MinRecoveryCode and <= MaxRecoveryCode
                && (rest.IsEmpty || LineEnds.Contains(rest[0]));
            if (!isCode)
            {
                return false;
            }

            stop = SkipLineEnds(start + number.Length);
            if ((uint)number.Int32 == code)
            {
                return true;
            }

            start = stop;
        }
    }
}
