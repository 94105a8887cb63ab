using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Phone;

/// <summary>
/// Tells phones what waits for them, at once and whenever it changes (WHATWG HTML, section 9.2). A stream holds no
/// thread. It ends when it is old, when the phone is gone, when the phone has opened newer ones, and with the server.
/// </summary>
internal sealed class EventStreams(
    ListPushes pushes, FindPhone phones, Signals signals, IHostApplicationLifetime server, TimeProvider time)
    : IDisposable
{
    public const int MostPerPhone = 4;

    private const int MostReading = 64; // all may be woken at once; the others stand behind these

    /// <summary>After so long without an event there is a comment: who is gone is noticed by it.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private static readonly byte[] _comment = ":\n\n"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly Dictionary<DeviceId, List<CancellationTokenSource>> _open = [];
    private readonly SemaphoreSlim _reading = new(MostReading);

    public async Task RunAsync(HttpContext context, KnownPhone phone)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, server.ApplicationStopping);
        Enter(phone.Id, ended);
        try
        {
            await TellAsync(context.Response, phone, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The answer ends here; where somebody still reads it, he asks again.
        }
        finally
        {
            Leave(phone.Id, ended);
        }
    }

    public void Dispose() => _reading.Dispose();

    private async Task TellAsync(HttpResponse response, KnownPhone phone, CancellationToken ended)
    {
        using Signals.Waiter changed = signals.Await(phone.Key);
        long begun = time.GetTimestamp();
        long written = begun;
        byte[]? told = null;
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would keep it to itself
        while (time.GetElapsedTime(begun) < Longest)
        {
            if (await ReadAsync(phone, ended) is not { } now)
            {
                return;
            }

            bool isNew = told is null || !told.AsSpan().SequenceEqual(now);
            if (isNew || time.GetElapsedTime(written) >= KeepAlive)
            {
                await response.Body.WriteAsync(isNew ? Event(now) : _comment, ended);
                await response.Body.FlushAsync(ended);
                (told, written) = (now, time.GetTimestamp());
            }

            TimeSpan quiet = KeepAlive - time.GetElapsedTime(written);
            TimeSpan left = Longest - time.GetElapsedTime(begun);
            await changed.WaitAsync(quiet < left ? quiet : left, ended);
        }
    }

    /// <summary>What waits now; null: the phone is gone.</summary>
    private async Task<byte[]?> ReadAsync(KnownPhone phone, CancellationToken ended)
    {
        await _reading.WaitAsync(ended);
        try
        {
            return await phones.RunAsync(phone.Key, ended) is null
                ? null
                : PhoneJson.Write(PendingBody.Of(await pushes.RunAsync(phone.Id, ended)));
        }
        finally
        {
            _reading.Release();
        }
    }

    private static byte[] Event(byte[] json) =>
        [.. "event: pending\ndata: "u8, .. json, .. "\n\n"u8];

    private void Enter(DeviceId phone, CancellationTokenSource stream)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(phone, out List<CancellationTokenSource>? open))
            {
                _open[phone] = open = [];
            }

            if (open.Count == MostPerPhone)
            {
                _ = open[0].CancelAsync(); // what follows from it does not happen under this lock
                open.RemoveAt(0);
            }

            open.Add(stream);
        }
    }

    private void Leave(DeviceId phone, CancellationTokenSource stream)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(phone, out List<CancellationTokenSource>? open)
                && open.Remove(stream)
                && open.Count == 0)
            {
                _open.Remove(phone);
            }
        }
    }
}
