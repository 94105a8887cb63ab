using System.Globalization;

namespace Sallyport.Protocol;

/// <summary>Why bytes are no entry of the root-only store. Zero is a refusal.</summary>
public enum TotpProblem
{
    /// <summary>Not set; a refusal.</summary>
    Unspecified = 0,

    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>Not as many bytes as an entry has.</summary>
    Size,

    /// <summary>The first line does not name a version that is known here.</summary>
    Version,

    /// <summary>The last line is no checksum, or not that of the lines before it.</summary>
    Checksum,

    /// <summary>A line is not a name, blank, equals sign, blank, and a value.</summary>
    Syntax,

    /// <summary>A line has a name that is not known here.</summary>
    UnknownName,

    /// <summary>A line has the name of an earlier one.</summary>
    Duplicate,

    /// <summary>A line that must be there is not.</summary>
    Missing,

    /// <summary>A value is not allowed.</summary>
    BadValue,

    /// <summary>It says what can be said, but not in the one way in which it is written.</summary>
    NotCanonical,

    /// <summary>There is no whole record of this secret, so what is used up is not known.</summary>
    NoRecord,
}

/// <summary>Why bytes are no entry, and where. It quotes nothing, because it could quote the secret.</summary>
/// <param name="Problem">What is wrong.</param>
/// <param name="Line">The line of the text, from 1 on; 0 where no line is to blame.</param>
public readonly record struct TotpFault(TotpProblem Problem, int Line = 0)
{
    /// <summary>The words for a log.</summary>
    public override string ToString()
    {
        string what = Problem switch
        {
            TotpProblem.None => "nothing is wrong",
            TotpProblem.Size => "not the size of an entry",
            TotpProblem.Version => "not of a version that is known here",
            TotpProblem.Checksum => "the checksum is missing or another",
            TotpProblem.Syntax => "not of the form: name = value",
            TotpProblem.UnknownName => "an unknown name",
            TotpProblem.Duplicate => "a name for the second time",
            TotpProblem.Missing => "a line is missing",
            TotpProblem.BadValue => "a value that is not allowed",
            TotpProblem.NotCanonical => "not written as entries are",
            TotpProblem.NoRecord => "no whole record of what is used up",
            _ => "it was not read",
        };
        return Line == 0 ? what : string.Create(CultureInfo.InvariantCulture, $"line {Line}: {what}");
    }
}
