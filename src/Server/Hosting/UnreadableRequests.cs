using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Sallyport.Server.DuoApi;

namespace Sallyport.Server.Hosting;

/// <summary>
/// What the web server refuses before there is a request: it writes the answer itself, without an envelope, and tells it
/// by a diagnostic event. It is counted and logged with the other refused requests. Its own text may quote what was
/// sent, so only the status is told.
/// </summary>
internal sealed class UnreadableRequests(RefusedRequests refused) : IObserver<KeyValuePair<string, object?>>
{
    public const string Event = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // Once an answer has begun the request was one, and is counted as what it was.
        if (value.Value is not IFeatureCollection request
            || request.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException { StatusCode: int status }
            || request.Get<IHttpResponseFeature>()?.HasStarted is true)
        {
            return;
        }

        IPAddress? source = request.Get<IHttpConnectionFeature>()?.RemoteIpAddress;
        source = source is { IsIPv4MappedToIPv6: true } ? source.MapToIPv4() : source;
        refused.Add(new(status * 100, ReasonPhrases.GetReasonPhrase(status), "not readable as HTTP"), source, null);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
