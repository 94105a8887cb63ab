namespace Sallyport.Host.Duo;

/// <summary>The API's two dialects that this client speaks.</summary>
internal enum DuoDialect
{
    /// <summary>/auth/v2</summary>
    V2 = 0,

    /// <summary>/rest/v1, for servers that have no other.</summary>
    V1,
}

/// <summary>What is known of a server, and connections to it that wait for the next login. For many threads.</summary>
internal sealed class DuoServer(TimeProvider time) : IDisposable
{
    public const int MostIdle = 4;

    /// <summary>A connection waits no longer than this.</summary>
    public static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(60);

    /// <summary>After it the clock is asked again, the name looked up again, and the certificate checked again.</summary>
    public static readonly TimeSpan LongestUse = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly List<Idle> _idle = [];
    private ITimer? _timer;
    private TimeSpan _offset;
    private long? _clockRead;
    private bool _isDisposed;

    public HostLookup Lookup { get; } = new();

    public DuoDialect Dialect { get; set; }

    /// <summary>It said so itself, which is worth what its certificate is.</summary>
    public bool IsOurs { get; set; }

    /// <summary>How far the server's clock is ahead of this host's.</summary>
    public TimeSpan Offset
    {
        get
        {
            lock (_lock)
            {
                return _offset;
            }
        }
    }

    /// <summary>The clock has been asked, and lately.</summary>
    public bool KnowsClock
    {
        get
        {
            lock (_lock)
            {
                return _clockRead is long then && time.GetElapsedTime(then) < LongestUse;
            }
        }
    }

    public bool HasIdle
    {
        get
        {
            lock (_lock)
            {
                DropOld();
                return _idle.Count > 0;
            }
        }
    }

    public void SetClock(TimeSpan offset)
    {
        lock (_lock)
        {
            (_offset, _clockRead) = (offset, time.GetTimestamp());
        }
    }

    public void ForgetClock()
    {
        lock (_lock)
        {
            _clockRead = null;
        }
    }

    /// <summary>The connection that was used last; null: there is none.</summary>
    public DuoConnection? Take(out long opened)
    {
        lock (_lock)
        {
            DropOld();
            if (_idle.Count == 0)
            {
                opened = time.GetTimestamp();
                return null;
            }

            Idle last = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            opened = last.Opened;
            return last.Connection;
        }
    }

    public void Keep(DuoConnection connection, long opened)
    {
        lock (_lock)
        {
            if (_isDisposed || _idle.Count >= MostIdle)
            {
                connection.Dispose();
                return;
            }

            _idle.Add(new(connection, opened, time.GetTimestamp()));
            _timer ??= time.CreateTimer(static server => ((DuoServer)server!).OnTimer(), this, LongestIdle, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>One of them was dead, so the others are, too.</summary>
    public void DropIdle()
    {
        lock (_lock)
        {
            _idle.ForEach(idle => idle.Connection.Dispose());
            _idle.Clear();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            DropIdle();
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            DropOld();
            TimeSpan next = _idle.Count == 0 || _isDisposed
                ? Timeout.InfiniteTimeSpan
                : LongestIdle - time.GetElapsedTime(_idle[0].Since);
            _timer = next < TimeSpan.Zero ? null : time.CreateTimer(
                static server => ((DuoServer)server!).OnTimer(), this, next + TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan);
        }
    }

    private void DropOld() => _idle.RemoveAll(idle =>
    {
        bool isOld = time.GetElapsedTime(idle.Since) >= LongestIdle
            || time.GetElapsedTime(idle.Opened) >= LongestUse
            || !idle.Connection.IsQuiet();
        if (isOld)
        {
            idle.Connection.Dispose();
        }

        return isOld;
    });

    private sealed record Idle(DuoConnection Connection, long Opened, long Since);
}
