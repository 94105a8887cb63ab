using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Persistence;
using Sallyport.Server.Phone;

namespace Sallyport.Server.Hosting;

/// <summary>How long each answer took, by route and status; and how long the certificate is good yet.</summary>
internal sealed class RequestMeter
{
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _inProgress;

    public RequestMeter(IMeterFactory meters, ServerCertificates certificates, TimeProvider time)
    {
        _time = time;
        Meter meter = meters.CreateMeter();
        _duration = meter.CreateHistogram(
            "sallyport.request.duration", "s", "From the request's head to the end of the answer.", null,
            Telemetry.Durations);
        _inProgress = meter.CreateUpDownCounter<long>(
            "sallyport.requests.in_progress", null, "Requests that are worked on now.");
        meter.CreateObservableGauge(
            "sallyport.certificate.expiry", () => (certificates.NotAfter - time.GetUtcNow()).TotalSeconds,
            "s", "Until the certificate that hosts see ends; below zero they refuse it.");
    }

    public async Task MeasureAsync(HttpContext context, RequestDelegate next)
    {
        string route = RouteOf(context.Request.Path);
        Activity.Current = null; // whose trace it is, and whether it is kept, is not for a caller's header to say
        using Activity activity = Start(MethodOf(context.Request), route);
        long begun = _time.GetTimestamp();
        _inProgress.Add(1);
        try
        {
            await next(context);
        }
        finally
        {
            int status = context.Response.StatusCode;
            _inProgress.Add(-1);
            _duration.Record(
                _time.GetElapsedTime(begun).TotalSeconds,
                new KeyValuePair<string, object?>("route", route),
                new KeyValuePair<string, object?>("status", status));
            activity.SetTag("http.response.status_code", status);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                activity.SetStatus(ActivityStatusCode.Error);
            }
        }
    }

    /// <summary>Also where nobody collects traces: its id ties the lines that one request logs.</summary>
    private static Activity Start(string method, string route)
    {
        Activity? collected = Telemetry.Activities.HasListeners()
            ? Telemetry.Activities.StartActivity($"{method} {route}", ActivityKind.Server)
            : null;
        collected?.SetTag("http.request.method", method).SetTag("http.route", route);
        return collected ?? new Activity(route).Start();
    }

    // A method is anybody's text as well.
    private static string MethodOf(HttpRequest request) =>
        request.Method is "GET" or "POST" or "PUT" or "PATCH" or "DELETE" ? request.Method : "_OTHER";

    // A path that nothing answers is anybody's text.
    private static string RouteOf(PathString path) =>
        path.Value is string known
        && (known is "/healthz" or "/readyz" or PortalPage.Path
            || DuoRoute.TryFind(known, out _)
            || PhoneRoutes.Contains(known))
            ? known
            : "other";
}
