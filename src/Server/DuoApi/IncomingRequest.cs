using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Web;

namespace Sallyport.Server.DuoApi;

/// <summary>From a request's bytes to the text that is signed, or to what is wrong with them.</summary>
internal static class IncomingRequest
{
    public const int LongestTarget = 16 * 1024;
    public const int MostHeaders = 100;
    public const int MostHeaderBytes = 16 * 1024;

    /// <summary>The path as it was sent, of a target in any form (RFC 9112, section 3.2).</summary>
    public static string PathOf(string target)
    {
        int scheme = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        int start = scheme < 0 ? 0 : target.IndexOf('/', scheme + 3);
        string path = start < 0 ? "/" : target[start..];
        int query = path.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? path : path[..query];
    }

    /// <summary>What of its head is longer than any client's; null: nothing.</summary>
    public static ApiError? TooLong(HttpRequest http, string target)
    {
        if (target.Length > LongestTarget)
        {
            return ApiError.Invalid("request");
        }

        int count = 0;
        int bytes = 0;
        foreach ((string name, StringValues values) in http.Headers)
        {
            foreach (string? value in values)
            {
                count++;
                bytes += name.Length + ": ".Length + (value?.Length ?? 0) + "\r\n".Length;
            }
        }

        return count > MostHeaders || bytes > MostHeaderBytes ? ApiError.Invalid("header") : null;
    }

    /// <summary>All of the body, or what is wrong with it.</summary>
    public static async Task<(ReadOnlyMemory<byte>? Body, ApiError? Problem)> ReadBodyAsync(
        HttpContext context, TimeProvider time)
    {
        (ReadOnlyMemory<byte>? body, bool isSlow) = await RequestBody.ReadAsync(context, DuoParameters.MaxBytes, time);
        return (body, body is not null ? null : isSlow ? ApiError.TooSlow : ApiError.TooLarge);
    }

    public static bool TryParse(
        HttpRequest http,
        string target,
        ReadOnlyMemory<byte> body,
        [NotNullWhen(true)] out DuoRequestText? request,
        [NotNullWhen(false)] out ApiError? problem)
    {
        request = null;
        if (http.Headers.Date.Count > 1 || http.Headers.ContentType.Count > 1)
        {
            problem = ApiError.Invalid("header");
            return false;
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
            Body = body,
            Date = http.Headers.Date,
            XDuoHeaders = own,
        };
        if (DuoRequestText.TryParse(parts, out request, out DuoRequestProblem wrong, out _))
        {
            problem = null;
            return true;
        }

        problem = wrong is DuoRequestProblem.ContentType
            ? ApiError.UnsupportedType
            : ApiError.Invalid(wrong is DuoRequestProblem.Body ? "body" : "request");
        return false;
    }
}
