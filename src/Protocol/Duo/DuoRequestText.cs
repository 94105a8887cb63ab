using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sallyport.Protocol.Duo;

/// <summary>
/// A request of Duo's API, whole and read: what is signed and what an endpoint reads come from the same bytes. None of
/// its texts has a line end or a NUL in it, so that the number of lines tells the signature versions apart
/// (docs/formats/duo-signature.md).
/// </summary>
public sealed partial class DuoRequestText
{
    /// <summary>The most X-Duo headers.</summary>
    public const int MaxHeaders = 32;

    /// <summary>The most characters of a header's value or a date.</summary>
    public const int MaxHeaderLength = 4096;

    internal const string DateHeader = "x-duo-date";

    private DuoRequestText(DuoRequestParts parts, string host, string path, SortedDictionary<string, string> headers)
    {
        Method = parts.Method;
        Host = host;
        Path = path;
        Headers = headers;
        Body = parts.Body;
        Date = headers.GetValueOrDefault(DateHeader) ?? parts.Date;
    }

    /// <summary>The method.</summary>
    public string Method { get; }

    /// <summary>The host without its port, upper and lower case as sent; an IPv6 address in its brackets.</summary>
    public string Host { get; }

    /// <summary>The path as it was sent, undecoded, without the query.</summary>
    public string Path { get; }

    /// <summary>
    /// The text that a signed date is: X-Duo-Date if there is one, else Date; null if there is neither. Only
    /// <see cref="DuoSignatureMatch.IsDated"/> tells whether it is signed.
    /// </summary>
    public string? Date { get; }

    /// <summary>What the body is.</summary>
    public DuoBodyKind BodyKind { get; private init; }

    /// <summary>Query and body together: what an endpoint reads. A name that is in both is a repeated one.</summary>
    public DuoParameters Parameters => field ??= Query.And(BodyParameters);

    internal DuoParameters Query { get; private init; } = DuoParameters.Empty;

    /// <summary>What the body says, be it a form or JSON.</summary>
    internal DuoParameters BodyParameters { get; private init; } = DuoParameters.Empty;

    internal ReadOnlyMemory<byte> Body { get; }

    /// <summary>The X-Duo headers by their lower-case names, sorted by them.</summary>
    internal SortedDictionary<string, string> Headers { get; }

    /// <summary>Reads the parts of a request. Never throws.</summary>
    /// <param name="parts">The request as it was sent.</param>
    /// <param name="request">The request; null if there is a problem.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="why">What is wrong with the query or the body, where that is the problem.</param>
    public static bool TryParse(
        DuoRequestParts parts,
        [NotNullWhen(true)] out DuoRequestText? request,
        out DuoRequestProblem problem,
        out DuoParameterProblem why)
    {
        request = null;
        why = DuoParameterProblem.None;
        if (parts.Method.Length is 0 or > 16 || !parts.Method.All(char.IsAsciiLetterUpper))
        {
            problem = DuoRequestProblem.Method;
        }
        else if (!TryReadHost(parts.Host, out string host))
        {
            problem = DuoRequestProblem.Host;
        }
        else if (!TryReadTarget(parts.Target, out string path, out string query))
        {
            problem = DuoRequestProblem.Target;
        }
        else if (!TryReadHeaders(parts, out SortedDictionary<string, string> headers))
        {
            problem = DuoRequestProblem.Header;
        }
        else if (!TryReadKind(parts, out DuoBodyKind kind))
        {
            problem = DuoRequestProblem.ContentType;
        }
        else if (!DuoParameters.TryParse(Encoding.ASCII.GetBytes(query), out DuoParameters inQuery, out why))
        {
            problem = DuoRequestProblem.Query;
        }
        else if (!TryReadBody(parts.Body.Span, kind, out DuoParameters inBody, out why))
        {
            problem = DuoRequestProblem.Body;
        }
        else if (inQuery.And(inBody).CanonicalLength > DuoParameters.MaxBytes)
        {
            (problem, why) = (DuoRequestProblem.Body, DuoParameterProblem.TooLong);
        }
        else
        {
            problem = DuoRequestProblem.None;
            request = new(parts, host, path, headers) { BodyKind = kind, Query = inQuery, BodyParameters = inBody };
        }

        return request is not null;
    }

    private static bool TryReadBody(
        ReadOnlySpan<byte> body,
        DuoBodyKind kind,
        out DuoParameters parameters,
        out DuoParameterProblem why) =>
        kind is DuoBodyKind.Json
            ? DuoParameters.TryParseJson(body, out parameters, out why)
            : DuoParameters.TryParse(body, out parameters, out why);
}
