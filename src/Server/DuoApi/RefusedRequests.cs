using System.Diagnostics.Metrics;
using System.Net;
using Sallyport.Server.Authentications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.DuoApi;

/// <summary>
/// Requests that cannot be taken, because nobody signed them rightly or they are no call: counted, and logged up to a
/// limit of each source. No row is written for them, because they can be sent without end. What is right is answered
/// all the same, also from a source that has sent too many. Only so many sources are told apart; the others are counted
/// as one, so that nobody makes the server forget what he has sent.
/// </summary>
internal sealed class RefusedRequests(IMeterFactory meters, TimeProvider time, ILogger<RefusedRequests> logger)
{
    public const int MostLogged = 10;
    public const int MostAnswered = 60;

    /// <summary>Lines of all sources together in a window: who has many addresses does not fill the disk.</summary>
    public const int MostLines = 2000;

    public const int MostSources = 10_000;

    private const string Others = "others";

    /// <summary>After which a source counts anew.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _counting = new();
    private readonly Dictionary<string, Count> _sources = new(StringComparer.Ordinal);
    private long _cleared = time.GetTimestamp();
    private int _lines;
    private readonly Counter<long> _refused = meters.CreateMeter().CreateCounter<long>(
        "sallyport.refused_requests", null, "Requests that were not taken, by the error they got.");

    /// <summary>What to answer: the error, or that there were too many of them.</summary>
    public ApiError Add(ApiError error, IPAddress? source, string? integrationKey)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("code", error.Code));

        string address = source?.ToString() ?? "unknown";
        (string counted, int number, int lines) = Next(source is null ? address : SourceNetwork.Of(source).ToString());
        if (number > MostLogged + 1 || lines > MostLines + 1)
        {
            // There is a line already that says there are more.
        }
        else if (lines > MostLines)
        {
            Log.RefusedMore(logger, "all sources");
        }
        else if (number > MostLogged)
        {
            Log.RefusedMore(logger, counted);
        }
        else
        {
            Log.Refused(logger, address, error.Code, error.Message, error.Detail, integrationKey);
        }

        return number > MostAnswered ? ApiError.TooManyRefused : error;
    }

    /// <summary>As what it was counted, how many of these there were, and how many lines in all.</summary>
    private (string Counted, int Number, int Lines) Next(string source)
    {
        long now = time.GetTimestamp();
        lock (_counting)
        {
            if (time.GetElapsedTime(_cleared, now) >= Window)
            {
                _cleared = now;
                _lines = 0;
                foreach ((string old, Count count) in _sources)
                {
                    if (time.GetElapsedTime(count.Since, now) >= Window)
                    {
                        _sources.Remove(old);
                    }
                }
            }

            string counted = _sources.ContainsKey(source) || _sources.Count < MostSources ? source : Others;
            Count before = _sources.GetValueOrDefault(counted);
            Count after = before.Of > 0 && time.GetElapsedTime(before.Since, now) < Window
                ? before with { Of = before.Of + 1 }
                : new(1, now);
            _sources[counted] = after;
            _lines += after.Of <= MostLogged + 1 ? 1 : 0;
            return (counted, after.Of, _lines);
        }
    }

    private readonly record struct Count(int Of, long Since);
}
