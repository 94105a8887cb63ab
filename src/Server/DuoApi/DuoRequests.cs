using Microsoft.AspNetCore.Http.Features;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Authentications;
using Sallyport.Server.Persistence;
using Sallyport.Server.Web;

namespace Sallyport.Server.DuoApi;

/// <summary>A request of Duo's API from its bytes to those of the answer (docs/reference/duo-api.md).</summary>
internal sealed class DuoRequests(
    SignatureFilter signatures,
    LoginCalls logins,
    BypassCalls bypasses,
    AuthenticationStatus authentications,
    RefusedRequests refused,
    TimeProvider time,
    ILogger<DuoRequests> logger) : IDisposable
{
    /// <summary>
    /// Requests that are worked on at once; above it they are told to come again. One that is not there whole is not
    /// worked on: who sends slowly holds his connection and no place.
    /// </summary>
    public const int MostAtOnce = 256;

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    public async Task HandleAsync(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        string path = IncomingRequest.PathOf(target);
        bool isBson = path.EndsWith(".bson", StringComparison.Ordinal);
        if (DuoRoute.SaysWhoAnswers(path))
        {
            context.Response.Headers["X-Sallyport"] = "1";
        }

        Answer answer;
        Verdict? verdict = null;
        try
        {
            RequestBody.ForgetTheRest(context);
            (answer, verdict) = await AnswerAsync(context, target, path);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or is to ask again elsewhere: an answer would be a verdict for him.
            context.Abort();
            return;
        }
        catch (BadHttpRequestException bad)
        {
            answer = Refuse(context, bad.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => ApiError.TooLarge,
                StatusCodes.Status408RequestTimeout => ApiError.TooSlow,
                _ => ApiError.Invalid("body"),
            });
        }
        catch (Exception failure) when (Outage.Is(failure))
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

        // Only before the first byte is it certain that nobody gets the verdict.
        if (context.RequestAborted.IsCancellationRequested)
        {
            if (verdict is { State: AuthenticationState.Allowed or AuthenticationState.Waiting, Until: null })
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

        if (IncomingRequest.TooLong(context.Request, target) is ApiError tooLong)
        {
            return (Refuse(context, tooLong), null);
        }

        // Neither signed nor dated: clients learn here by how much their clock is off.
        if (route.Kind is DuoCallKind.Ping)
        {
            return (route.Dialect is Dialect.V1 ? "pong" : Time(), null);
        }

        (ReadOnlyMemory<byte>? body, ApiError? tooMuch) = await IncomingRequest.ReadBodyAsync(context, time);
        if (body is null)
        {
            return (Refuse(context, tooMuch ?? ApiError.Invalid("body")), null);
        }

        if (!_places.Wait(0, CancellationToken.None))
        {
            return (ApiError.TooMany, null);
        }

        using Place place = new(_places);
        ConnectionUse? connection = context.Features.Get<ConnectionUse>();
        connection?.Begin();
        try
        {
            return await WorkAsync(context, route, target, body.Value, place);
        }
        finally
        {
            connection?.End(time.GetTimestamp());
        }
    }

    private async Task<(Answer Answer, Verdict? Verdict)> WorkAsync(
        HttpContext context, DuoRoute route, string target, ReadOnlyMemory<byte> body, Place place)
    {
        if (!IncomingRequest.TryParse(context.Request, target, body, out DuoRequestText? request, out ApiError? problem))
        {
            return (Refuse(context, problem), null);
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
        (Answer answer, Verdict? verdict) = await CallAsync(route, call, place, context.RequestAborted);

        // Also who signs rightly and sends nonsense is counted: an application's host may be in other hands by now.
        return answer is Answer.Refusal { Error: ApiError error }
            ? (Refuse(context, error, by.Known.Application.IntegrationKey), verdict)
            : (answer, verdict);
    }

    private async Task<(Answer Answer, Verdict? Verdict)> CallAsync(
        DuoRoute route, DuoCall call, Place place, CancellationToken aborted) => route.Kind switch
        {
            DuoCallKind.Check => (route.Dialect is Dialect.V1 ? "valid" : Time(), null),
            DuoCallKind.Preauth => (await logins.PreauthAsync(call, aborted), null),
            DuoCallKind.Auth => await AuthAsync(call, place, aborted),
            DuoCallKind.Status => await StatusAsync(call, place, aborted),
            DuoCallKind.Cancel => (await logins.CancelAsync(call, CancellationToken.None), null),
            DuoCallKind.Bypasses => (await bypasses.ReportAsync(call, CancellationToken.None), null),
            DuoCallKind.Enroll => (ApiError.Forbidden("users are invited by an administrator"), null),
            DuoCallKind.EnrollStatus => ("invalid", null),
            _ => (ApiError.NotFound, null),
        };

    private async Task<(Answer Answer, Verdict? Verdict)> AuthAsync(
        DuoCall call, Place place, CancellationToken aborted)
    {
        // Not ended by a client that hangs up: who has been told nothing has had his guess all the same.
        (Answer answer, Verdict? verdict) = await logins.AuthAsync(call, CancellationToken.None);
        if (verdict?.Until is null)
        {
            return (answer, verdict);
        }

        place.Dispose();
        return await logins.DecidedAsync(call, verdict, aborted);
    }

    private Task<(Answer Answer, Verdict? Verdict)> StatusAsync(DuoCall call, Place place, CancellationToken aborted)
    {
        place.Dispose();
        return logins.StatusAsync(call, aborted);
    }

    private Answer.Fields Time() => new(("time", time.GetUtcNow().ToUnixTimeSeconds()));

    private ApiError Refuse(HttpContext context, ApiError error, string? integrationKey = null) =>
        refused.Add(error, context.Connection.RemoteIpAddress, integrationKey);

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

            if (error.HttpStatus == StatusCodes.Status408RequestTimeout)
            {
                response.Headers.Connection = "close"; // what is left of the body may yet come
            }
        }

        response.ContentType = isBson ? "application/bson" : "application/json";
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Held while something is worked on, and given back before a wait for a phone: thousands may wait.</summary>
    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        private SemaphoreSlim? _held = places;

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
    }
}
