namespace Sallyport.Protocol.Duo;

/// <summary>Why bytes are no parameters (docs/formats/duo-signature.md). Zero is a refusal.</summary>
public enum DuoParameterProblem
{
    /// <summary>Not set; a refusal.</summary>
    Unspecified = 0,

    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>More than <see cref="DuoParameters.MaxBytes"/>.</summary>
    TooLong,

    /// <summary>More than <see cref="DuoParameters.MaxPairs"/>.</summary>
    TooMany,

    /// <summary>A name has more than <see cref="DuoParameters.MaxNameBytes"/>.</summary>
    NameTooLong,

    /// <summary>A percent sign without two hexadecimal digits behind it.</summary>
    Escape,

    /// <summary>Not JSON, more than one value, or deeper than <see cref="DuoParameters.MaxJsonDepth"/>.</summary>
    Json,

    /// <summary>JSON, but the outermost value is no object.</summary>
    NotAnObject,

    /// <summary>A JSON object that has a name twice.</summary>
    Duplicate,

    /// <summary>JSON in which something is no UTF-8, or an escape that stands for no character.</summary>
    NotUnicode,
}
