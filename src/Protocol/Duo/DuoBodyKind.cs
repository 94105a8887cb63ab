namespace Sallyport.Protocol.Duo;

/// <summary>What the body of a request is.</summary>
public enum DuoBodyKind
{
    /// <summary>There is none. Its Content-Type then means nothing.</summary>
    Empty = 0,

    /// <summary>application/x-www-form-urlencoded.</summary>
    Form,

    /// <summary>application/json.</summary>
    Json,
}
