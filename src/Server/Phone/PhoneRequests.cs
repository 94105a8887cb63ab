using Microsoft.Net.Http.Headers;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Web;

namespace Sallyport.Server.Phone;

/// <summary>A request of a phone from its bytes to those of the answer (docs/formats/phone-api.md).</summary>
internal sealed class PhoneRequests(
    SourceRate rate,
    DpopCheck proofs,
    PhoneCalls calls,
    EventStreams streams,
    TimeProvider time,
    ILogger<PhoneRequests> logger)
{
    public const int MostBytes = 16 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        PhoneAnswer? answer;
        try
        {
            RequestBody.ForgetTheRest(context);
            answer = await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException bad)
        {
            answer = bad.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => PhoneError.TooLarge,
                StatusCodes.Status408RequestTimeout => PhoneError.TooSlow,
                _ => PhoneError.Invalid("body"),
            };
        }
        catch (Exception failure) when (Outage.Is(failure))
        {
            Log.Unavailable(logger, failure);
            answer = PhoneError.Unavailable;
        }
#pragma warning disable CA1031 // The one boundary of the phone's API: whatever else happens is a refusal.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.Failed(logger, failure);
            answer = PhoneError.Internal;
        }

        if (answer is not { } said)
        {
            return; // it was a stream
        }

        if (context.Response.HasStarted)
        {
            context.Abort(); // a stream that failed is not one that has ended
            return;
        }

        await WriteAsync(context, said);
    }

    /// <summary>Null: it is written already.</summary>
    private async Task<PhoneAnswer?> AnswerAsync(HttpContext context)
    {
        if (!rate.TryEnter(context.Connection.RemoteIpAddress))
        {
            return PhoneError.SlowDown;
        }

        string path = context.Request.Path.Value ?? "";
        (PhoneCall call, IEnumerable<string> methods) = PhoneRoutes.Find(path, context.Request.Method);
        if (call is PhoneCall.None)
        {
            if (!PhoneRoutes.Contains(path))
            {
                return PhoneError.NotFound;
            }

            context.Response.Headers.Allow = string.Join(", ", methods);
            return PhoneError.MethodNotAllowed;
        }

        ReadOnlyMemory<byte> body = default;
        if (PhoneRoutes.HasBody(call))
        {
            if (!IsJson(context.Request))
            {
                return PhoneError.UnsupportedType;
            }

            (ReadOnlyMemory<byte>? read, bool isSlow) = await RequestBody.ReadAsync(context, MostBytes, time);
            if (read is null)
            {
                return isSlow ? PhoneError.TooSlow : PhoneError.TooLarge;
            }

            body = read.Value;
        }

        ConnectionUse? connection = context.Features.Get<ConnectionUse>();
        connection?.Begin();
        try
        {
            return await WorkAsync(context, call, path, body);
        }
        finally
        {
            connection?.End(time.GetTimestamp());
        }
    }

    private async Task<PhoneAnswer?> WorkAsync(
        HttpContext context, PhoneCall call, string path, ReadOnlyMemory<byte> body)
    {
        string? client = context.Connection.RemoteIpAddress?.ToString();
        CancellationToken aborted = context.RequestAborted;
        if (call is PhoneCall.Activate)
        {
            (PhoneKey? key, PhoneError? none) = await proofs.OfNewPhoneAsync(context.Request, path);
            return key is null ? none! : await calls.ActivateAsync(key, body, client, aborted);
        }

        (KnownPhone? phone, PhoneError? problem) = await proofs.OfPhoneAsync(context.Request, path, aborted);
        if (phone is null)
        {
            return problem!;
        }

        if (call is PhoneCall.Events)
        {
            await streams.RunAsync(context, phone);
            return null;
        }

        return call switch
        {
            PhoneCall.Pending => await calls.PendingAsync(phone, aborted),
            PhoneCall.Answer => await calls.AnswerAsync(phone, body, aborted),
            PhoneCall.Subscribe => await calls.SubscribeAsync(phone, body, client, aborted),
            PhoneCall.Unsubscribe => await calls.UnsubscribeAsync(phone, client, aborted),
            PhoneCall.Show => PhoneAnswer.Of(DeviceBody.Of(phone)),
            PhoneCall.Rename => await calls.RenameAsync(phone, body, client, aborted),
            PhoneCall.Remove => await calls.RemoveAsync(phone, client, aborted),
            _ => PhoneError.NotFound,
        };
    }

    private static bool IsJson(HttpRequest request) =>
        request.Headers.ContentType is [{ } type]
        && MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed)
        && parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!parsed.Charset.HasValue || parsed.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static async Task WriteAsync(HttpContext context, PhoneAnswer answer)
    {
        HttpResponse response = context.Response;
        response.StatusCode = answer.Status;
        switch (answer.Status)
        {
            case StatusCodes.Status401Unauthorized:
                response.Headers.WWWAuthenticate = "DPoP algs=\"ES256\"";
                break;
            case StatusCodes.Status429TooManyRequests:
                response.Headers.RetryAfter = "1";
                break;
            case StatusCodes.Status408RequestTimeout:
                response.Headers.Connection = "close"; // what is left of the body may yet come
                break;
        }

        if (answer.Body is { } body)
        {
            byte[] bytes = PhoneJson.Write(body);
            response.ContentType = "application/json";
            response.ContentLength = bytes.Length;
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }
}
