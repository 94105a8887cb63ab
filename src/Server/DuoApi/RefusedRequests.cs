using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// Requests that cannot be taken, because nobody signed them rightly or they are no call: counted, and logged up to a
/// limit of each source. No row is written for them, because they can be sent without end. What is right is answered
/// all the same, also from a source that has sent too many.
/// </summary>
internal sealed class RefusedRequests(IMeterFactory meters, TimeProvider time, ILogger<RefusedRequests> logger)
{
    public const int MostLogged = 10;
    public const int MostAnswered = 60;
    private const int MostSources = 10_000;

    /// <summary>After which a source counts anew.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Count> _sources = new(StringComparer.Ordinal);
    private readonly Counter<long> _refused = meters.CreateMeter().CreateCounter<long>(
        "sallyport.refused_requests", null, "Requests that were not taken, by the error they got.");

    /// <summary>What to answer: the error, or that there were too many of them.</summary>
    public ApiError Add(ApiError error, IPAddress? source, string? integrationKey)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("code", error.Code));

        // Full: everybody begins anew. Only logs and answers to refused requests depend on it.
        if (_sources.Count >= MostSources)
        {
            _sources.Clear();
        }

        string address = source?.ToString() ?? "unknown";
        Count count = _sources.AddOrUpdate(
            address,
            _ => new(1, time.GetTimestamp()),
            (_, old) => time.GetElapsedTime(old.Since) < Window
                ? old with { Of = old.Of + 1 }
                : new(1, time.GetTimestamp()));
        if (count.Of <= MostLogged)
        {
            Log.Refused(logger, address, error.Code, error.Message, error.Detail, integrationKey);
        }
        else if (count.Of == MostLogged + 1)
        {
            Log.RefusedMore(logger, address);
        }

        return count.Of > MostAnswered ? ApiError.TooManyRefused : error;
    }

    private readonly record struct Count(int Of, long Since);
}
