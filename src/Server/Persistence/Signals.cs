namespace Sallyport.Server.Persistence;

/// <summary>
/// Wakes who waits for a change, by its topic: a transaction's id, or a device's key. It says only that there is
/// something to read; what there is stands in the database. One may be woken for nothing, and on PostgreSQL not at all
/// while the connection that listens is lost (<see cref="PostgresListener"/>): nobody waits without an end. What another
/// process did on SQLite wakes everybody (<see cref="SqliteWriter"/>).
/// </summary>
internal sealed class Signals(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Waiter[]> _waiting = new(StringComparer.Ordinal);

    public bool IsAwaited
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>From now on; so it is made before what is waited for is read. It holds no thread.</summary>
    public Waiter Await(string topic)
    {
        Waiter waiter = new(this, topic);
        lock (_lock)
        {
            _waiting[topic] = [.. _waiting.GetValueOrDefault(topic, []), waiter];
        }

        return waiter;
    }

    public void Raise(IEnumerable<string> topics)
    {
        foreach (string topic in topics)
        {
            Raise(topic);
        }
    }

    public void Raise(string topic)
    {
        Waiter[] woken;
        lock (_lock)
        {
            woken = _waiting.GetValueOrDefault(topic, []);
        }

        Array.ForEach(woken, waiter => waiter.Wake());
    }

    /// <summary>Something may have happened to any of them.</summary>
    public void RaiseAll()
    {
        Waiter[] woken;
        lock (_lock)
        {
            woken = [.. _waiting.Values.SelectMany(waiters => waiters)];
        }

        Array.ForEach(woken, waiter => waiter.Wake());
    }

    private void Remove(Waiter waiter)
    {
        lock (_lock)
        {
            Waiter[] left = [.. _waiting.GetValueOrDefault(waiter.Topic, []).Where(other => other != waiter)];
            if (left.Length == 0)
            {
                _waiting.Remove(waiter.Topic);
            }
            else
            {
                _waiting[waiter.Topic] = left;
            }
        }
    }

    internal sealed class Waiter(Signals signals, string topic) : IDisposable
    {
        private TaskCompletionSource _woken = New();

        public string Topic => topic;

        /// <summary>Ends when the topic was raised since it was last awaited, or after so long.</summary>
        /// <exception cref="OperationCanceledException">The caller does not wait any more.</exception>
        public async Task WaitAsync(TimeSpan most, CancellationToken cancellationToken)
        {
            // A time that is over is no exception here: thousands may end at once.
            await _woken.Task.WaitAsync(most < TimeSpan.Zero ? TimeSpan.Zero : most, signals.Time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (_woken.Task.IsCompleted)
            {
                Volatile.Write(ref _woken, New());
            }
        }

        public void Wake() => Volatile.Read(ref _woken).TrySetResult();

        public void Dispose() => signals.Remove(this);

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private TimeProvider Time => time;
}
