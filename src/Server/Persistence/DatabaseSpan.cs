using System.Diagnostics;

namespace Sallyport.Server.Persistence;

/// <summary>
/// The part of a trace that the database took, by the name of what was wanted of it. It has no statement and no value.
/// What did not end well is marked as an error.
/// </summary>
internal readonly struct DatabaseSpan(string name) : IDisposable
{
    private readonly Activity? _activity = Telemetry.Activities.StartActivity(name, ActivityKind.Client)
        ?.SetStatus(ActivityStatusCode.Error);

    /// <summary>It ended well, with this.</summary>
    public T Ended<T>(T result)
    {
        _activity?.SetStatus(ActivityStatusCode.Ok);
        return result;
    }

    public void Dispose() => _activity?.Dispose();
}
