namespace Sallyport.Protocol.Duo;

/// <summary>Why a request cannot be one of Duo's API. Zero is a refusal.</summary>
public enum DuoRequestProblem
{
    /// <summary>Not set; a refusal.</summary>
    Unspecified = 0,

    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The method is not 1 to 16 upper-case letters.</summary>
    Method,

    /// <summary>The Host header is no host name or address with or without a port.</summary>
    Host,

    /// <summary>The request target is no path, nor an absolute URI of http or https.</summary>
    Target,

    /// <summary>A date or an X-Duo header that is too long, repeated, or has a control character in it.</summary>
    Header,

    /// <summary>There is a body, and its type is neither JSON nor a form.</summary>
    ContentType,

    /// <summary>The query is not one.</summary>
    Query,

    /// <summary>The body is not what its type says.</summary>
    Body,
}
