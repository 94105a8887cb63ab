namespace Sallyport.Host.Duo;

/// <summary>What became of a call. Only <see cref="Unreachable"/> is what a fail mode is for; zero refuses.</summary>
internal enum DuoFailure
{
    /// <summary>The server, or something in its place, said something else than what it should have.</summary>
    Refused = 0,

    /// <summary>There is no server: nothing was decided by anybody.</summary>
    Unreachable,

    /// <summary>Whom it was for is gone.</summary>
    Cancelled,

    /// <summary>The server takes this attempt as failed (stat FAIL); there may be another one.</summary>
    Failed,
}

/// <summary>No answer, or none that is of use. The message is for a log, in the words of Duo's clients.</summary>
internal sealed class DuoException : Exception
{
    public DuoException(DuoFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    public DuoFailure Failure { get; }

    /// <summary>What the server says about it, "code: message (detail)"; null: nothing.</summary>
    public string? Detail { get; init; }

    /// <summary>For want of something here (ports, descriptors, the right to them), and not of the server.</summary>
    public bool IsOfThisHost { get; init; }

    /// <summary>Nothing was heard, of the server or of its network: to ask once more would be one more silence.</summary>
    public bool IsSilent { get; init; }

    /// <summary>After preauth no failure is a reason to let in.</summary>
    public DuoException AsRefusal() => Failure is DuoFailure.Unreachable
        ? new DuoException(DuoFailure.Refused, Message, this) { Detail = Detail, IsSilent = IsSilent }
        : this;
}
