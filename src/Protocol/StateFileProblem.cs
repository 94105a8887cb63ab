namespace Sallyport.Protocol;

/// <summary>Why bytes are no state file. Zero is a refusal.</summary>
public enum StateFileProblem
{
    /// <summary>Not set; a refusal.</summary>
    Unspecified = 0,

    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>Empty, or longer than <see cref="StateFile.MaxBytes"/>.</summary>
    Size,

    /// <summary>There is a NUL byte in it.</summary>
    Nul,
}
