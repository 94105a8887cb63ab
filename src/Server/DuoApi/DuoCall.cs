using System.Net;
using System.Text;
using Sallyport.Protocol.Duo;

namespace Sallyport.Server.DuoApi;

/// <summary>Which names an endpoint's parameters and fields have.</summary>
internal enum Dialect
{
    None,

    /// <summary>/auth/v2.</summary>
    V2,

    /// <summary>/rest/v1: what clients before 2.2.0 speak.</summary>
    V1,
}

/// <summary>A request that is signed by an application, and what it is about.</summary>
internal sealed record DuoCall
{
    public required Dialect Dialect { get; init; }

    public required KnownApplication Known { get; init; }

    public required DuoParameters Parameters { get; init; }

    /// <summary>Null: no date was signed.</summary>
    public required byte[]? SignatureHash { get; init; }

    public required byte[] RequestMac { get; init; }

    public required IPAddress? Client { get; init; }

    public required string? UserAgent { get; init; }

    public bool IsDated => SignatureHash is not null;
}

/// <summary>Reads parameters; the first that cannot be taken is the answer.</summary>
internal sealed class Fields(DuoParameters parameters)
{
    public ApiError? Problem { get; private set; }

    public string Required(string name, int maxBytes)
    {
        string? text = Optional(name, maxBytes);
        if (string.IsNullOrEmpty(text))
        {
            Problem ??= ApiError.Missing(name);
        }

        return text ?? "";
    }

    /// <summary>There, but possibly empty: what somebody typed.</summary>
    public string Given(string name, int maxBytes)
    {
        string? text = Optional(name, maxBytes);
        if (text is null)
        {
            Problem ??= ApiError.Missing(name);
        }

        return text ?? "";
    }

    /// <summary>Refuses every other name.</summary>
    public void Only(params ReadOnlySpan<string> names)
    {
        foreach (DuoParameter pair in parameters.Pairs)
        {
            if (!names.Contains(Encoding.UTF8.GetString(pair.Name.Span)))
            {
                Problem ??= ApiError.Invalid("unknown parameter");
            }
        }
    }

    public void Refuse(string name) => Problem ??= ApiError.Invalid(name);

    public string? Optional(string name, int maxBytes)
    {
        if (!parameters.TryRead(name, out string? text)
            || (text is not null && Encoding.UTF8.GetByteCount(text) > maxBytes))
        {
            Problem ??= ApiError.Invalid(name);
            return null;
        }

        return text;
    }

    /// <summary>SDKs write 1, "1" or true.</summary>
    public bool Flag(string name)
    {
        string? text = Optional(name, 5);
        if (text is not (null or "" or "0" or "1" or "true" or "false"))
        {
            Problem ??= ApiError.Invalid(name);
        }

        return text is "1" or "true";
    }
}
