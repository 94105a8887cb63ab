using System.Buffers;
using System.Data.Common;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Authentications;

namespace Sallyport.Server.DuoApi;

/// <summary>A request of Duo's API from its bytes to those of the answer (docs/reference/duo-api.md).</summary>
internal sealed class DuoRequests(
    SignatureFilter signatures,
    LoginCalls logins,
    AuthenticationStatus authentications,
    RefusedRequests refused,
    TimeProvider time,
    ILogger<DuoRequests> logger) : IDisposable
{
    /// <summary>
    /// Requests that are worked on at once; above it they are told to come again, and nothing is read of them.
    /// </summary>
    public const int MostAtOnce = 256;

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    public async Task HandleAsync(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        string path = PathOf(target);
        bool isBson = path.EndsWith(".bson", StringComparison.Ordinal);
        Answer answer;
        Verdict? verdict = null;
        bool entered = _places.Wait(0, CancellationToken.None);
        try
        {
            (answer, verdict) = entered ? await AnswerAsync(context, target, path) : (ApiError.TooMany, null);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException bad)
        {
            answer = bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? ApiError.TooLarge : ApiError.Invalid("body");
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException or TimeoutException)
        {
            Log.Unavailable(logger, failure);
            answer = ApiError.Unavailable;
        }
#pragma warning disable CA1031 // The one boundary of the Duo API: whatever else happens is a refusal in the envelope.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.Failed(logger, failure);
            answer = ApiError.Internal;
        }
        finally
        {
            if (entered)
            {
                _places.Release();
            }
        }

        // Only before the first byte is it certain that nobody gets the verdict.
        if (context.RequestAborted.IsCancellationRequested)
        {
            if (verdict is { State: AuthenticationState.Allowed })
            {
                await authentications.LostAsync(verdict, CancellationToken.None);
            }

            return;
        }

        await WriteAsync(context, answer, isBson);
    }

    public void Dispose() => _places.Dispose();

    private async Task<(Answer Answer, Verdict? Verdict)> AnswerAsync(HttpContext context, string target, string path)
    {
        if (!DuoRoute.TryFind(path, out DuoRoute route))
        {
            return (Refuse(context, ApiError.NotFound), null);
        }

        if (context.Request.Method != route.Method)
        {
            context.Response.Headers.Allow = route.Method;
            return (Refuse(context, ApiError.MethodNotAllowed), null);
        }

        // Neither signed nor dated: clients learn here by how much their clock is off.
        if (route.Kind is DuoCallKind.Ping)
        {
            return (route.Dialect is Dialect.V1 ? "pong" : Time(), null);
        }

        (DuoRequestText? request, ApiError? problem) = await ReadAsync(context, target);
        if (request is null)
        {
            return (Refuse(context, problem ?? ApiError.Invalid("request")), null);
        }

        Signed signed = await signatures.VerifyAsync(
            request, context.Request.Headers.Authorization, context.RequestAborted);
        if (signed is not Signed.By by)
        {
            var refusal = (Signed.Refused)signed;
            return (Refuse(context, refusal.Error, refusal.IntegrationKey), null);
        }

        DuoCall call = new()
        {
            Dialect = route.Dialect,
            Known = by.Known,
            Parameters = request.Parameters,
            SignatureHash = by.Match.IsDated ? by.Hash : null,
            RequestMac = by.RequestMac,
            Client = context.Connection.RemoteIpAddress,
            UserAgent = context.Request.Headers.UserAgent,
        };
        return await CallAsync(route, call, context.RequestAborted);
    }

    private async Task<(Answer Answer, Verdict? Verdict)> CallAsync(
        DuoRoute route, DuoCall call, CancellationToken aborted) => route.Kind switch
        {
            DuoCallKind.Check => (route.Dialect is Dialect.V1 ? "valid" : Time(), null),
            DuoCallKind.Preauth => (await logins.PreauthAsync(call, aborted), null),

            // Not ended by a client that hangs up: who has been told nothing has had his guess all the same.
            DuoCallKind.Auth => await logins.AuthAsync(call, CancellationToken.None),
            DuoCallKind.Status => (await logins.StatusAsync(call, aborted), null),
            DuoCallKind.Enroll => (ApiError.Forbidden("users are invited by an administrator"), null),
            DuoCallKind.EnrollStatus => ("invalid", null),
            _ => (ApiError.NotFound, null),
        };

    private Answer.Fields Time() => new(("time", time.GetUtcNow().ToUnixTimeSeconds()));

    private ApiError Refuse(HttpContext context, ApiError error, string? integrationKey = null) =>
        refused.Add(error, context.Connection.RemoteIpAddress, integrationKey);

    private static string PathOf(string target)
    {
        int scheme = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        int start = scheme < 0 ? 0 : target.IndexOf('/', scheme + 3);
        string path = start < 0 ? "/" : target[start..];
        int query = path.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? path : path[..query];
    }

    private static async Task<(DuoRequestText? Request, ApiError? Problem)> ReadAsync(HttpContext context, string target)
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

    private static async Task WriteAsync(HttpContext context, Answer answer, bool isBson)
    {
        ReadOnlyMemory<byte> bytes = Envelope.Write(answer, isBson);
        HttpResponse response = context.Response;
        if (answer is Answer.Refusal { Error: ApiError error })
        {
            response.StatusCode = error.HttpStatus;
            if (error.HttpStatus == StatusCodes.Status429TooManyRequests)
            {
                response.Headers.RetryAfter = error == ApiError.TooMany ? "1" : "30";
            }
        }

        response.ContentType = isBson ? "application/bson" : "application/json";
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
