using System.Buffers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Sallyport.Protocol.Duo;

namespace Sallyport.Server.DuoApi;

/// <summary>From a request's bytes to the text that is signed, or to what is wrong with them.</summary>
internal static class IncomingRequest
{
    // What a client sends beyond what is taken is read and forgotten, up to this much and for five seconds: who is cut
    // off while he sends does not read the answer.
    private const int MostForgotten = 16 * 1024 * 1024;

    /// <summary>The path as it was sent, of a target in any form (RFC 9112, section 3.2).</summary>
    public static string PathOf(string target)
    {
        int scheme = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        int start = scheme < 0 ? 0 : target.IndexOf('/', scheme + 3);
        string path = start < 0 ? "/" : target[start..];
        int query = path.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? path : path[..query];
    }

    /// <summary>Before anything of the body is read.</summary>
    public static void ForgetTheRest(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
        {
            body.MaxRequestBodySize = MostForgotten;
        }
    }

    public static async Task<(DuoRequestText? Request, ApiError? Problem)> ReadAsync(HttpContext context, string target)
    {
        HttpRequest http = context.Request;
        if (http.ContentLength > DuoParameters.MaxBytes)
        {
            return (null, ApiError.TooLarge);
        }

        ArrayBufferWriter<byte> body = new((int)(http.ContentLength ?? 0) + 1);
        while (await http.Body.ReadAsync(body.GetMemory(), context.RequestAborted) is > 0 and int read)
        {
            body.Advance(read);
            if (body.WrittenCount > DuoParameters.MaxBytes)
            {
                return (null, ApiError.TooLarge);
            }
        }

        if (http.Headers.Date.Count > 1 || http.Headers.ContentType.Count > 1)
        {
            return (null, ApiError.Invalid("header"));
        }

        List<KeyValuePair<string, string>> own = [];
        foreach ((string name, StringValues values) in http.Headers)
        {
            if (name.StartsWith("X-Duo-", StringComparison.OrdinalIgnoreCase))
            {
                own.AddRange(values.Select(value => KeyValuePair.Create(name, value ?? "")));
            }
        }

        DuoRequestParts parts = new()
        {
            Method = http.Method,
            Host = http.Host.Value ?? "",
            Target = target,
            ContentType = http.ContentType,
            Body = body.WrittenMemory,
            Date = http.Headers.Date,
            XDuoHeaders = own,
        };
        return DuoRequestText.TryParse(parts, out DuoRequestText? request, out DuoRequestProblem problem, out _)
            ? (request, null)
            : (null, problem is DuoRequestProblem.ContentType
                ? ApiError.UnsupportedType
                : ApiError.Invalid(problem is DuoRequestProblem.Body ? "body" : "request"));
    }
}
