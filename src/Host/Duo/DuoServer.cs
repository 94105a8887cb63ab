namespace Sallyport.Host.Duo;

/// <summary>The API's two dialects that this client speaks.</summary>
internal enum DuoDialect
{
    /// <summary>/auth/v2</summary>
    V2 = 0,

    /// <summary>/rest/v1, for servers that have no other.</summary>
    V1,
}

/// <summary>A connection, as long as one login has it.</summary>
/// <param name="Opened">When, by this process's time stamps.</param>
/// <param name="WasIdle">It is that of an earlier request, so it may have died since.</param>
internal sealed record DuoLease(DuoConnection Connection, long Opened, bool WasIdle);

/// <summary>What is known of a server, and connections to it that wait for the next login. For many threads.</summary>
internal sealed class DuoServer(TimeProvider time) : IDisposable
{
    public const int MostIdle = 4;

    /// <summary>A connection waits no longer than this.</summary>
    public static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(60);

    /// <summary>After it clock, name and certificate are asked for again.</summary>
    public static readonly TimeSpan LongestUse = TimeSpan.FromMinutes(10);

    /// <summary>A date that is five minutes ahead is refused.</summary>
    private const int MostAhead = 120;

    private readonly Lock _lock = new();
    private readonly List<(DuoLease Lease, long Since)> _idle = [];
    private ITimer? _timer;
    private TimeSpan _offset;
    private long? _clockRead;
    private long _second;
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

    /// <summary>
    /// A date for what a server decides once, by its signature: two logins that say the same in one second would be one
    /// that was sent twice, and the second be denied.
    /// </summary>
    public DateTimeOffset SecondOfItsOwn(DateTimeOffset now)
    {
        lock (_lock)
        {
            long second = now.ToUnixTimeSeconds();
            bool isUsed = _second >= second && _second < second + MostAhead;
            _second = isUsed ? _second + 1 : second;
            return DateTimeOffset.FromUnixTimeSeconds(_second);
        }
    }

    public void SetClock(TimeSpan offset)
    {
        lock (_lock)
        {
            (_offset, _clockRead) = (offset, time.GetTimestamp());
        }
    }

    /// <summary>The connection that was used last; null: there is none.</summary>
    public DuoLease? Take()
    {
        lock (_lock)
        {
            DropOld();
            if (_idle.Count == 0)
            {
                return null;
            }

            (DuoLease last, _) = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            return last;
        }
    }

    public DuoLease Lease(DuoConnection connection) => new(connection, time.GetTimestamp(), WasIdle: false);

    /// <summary>Takes it back, for the next login.</summary>
    public void Keep(DuoLease lease)
    {
        lock (_lock)
        {
            if (_isDisposed || _idle.Count >= MostIdle)
            {
                lease.Connection.Dispose();
                return;
            }

            _idle.Add((lease with { WasIdle = true }, time.GetTimestamp()));
            if (_idle.Count == 1)
            {
                WakeAfter(LongestIdle);
            }
        }
    }

    /// <summary>One of them was dead, so the others are, too.</summary>
    public void DropIdle()
    {
        lock (_lock)
        {
            _idle.ForEach(static idle => idle.Lease.Connection.Dispose());
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

    private void WakeAfter(TimeSpan wait)
    {
        _timer?.Dispose();
        _timer = time.CreateTimer(
            static server => ((DuoServer)server!).OnTimer(), this, wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Nothing is left open for nobody's sake.</summary>
    private void OnTimer()
    {
        lock (_lock)
        {
            DropOld();
            if (_idle.Count > 0)
            {
                WakeAfter(LongestIdle - time.GetElapsedTime(_idle[0].Since) + TimeSpan.FromMilliseconds(10));
            }
        }
    }

    private void DropOld() => _idle.RemoveAll(idle =>
    {
        bool isOld = time.GetElapsedTime(idle.Since) >= LongestIdle
            || time.GetElapsedTime(idle.Lease.Opened) >= LongestUse
            || !idle.Lease.Connection.IsQuiet();
        if (isOld)
        {
            idle.Lease.Connection.Dispose();
        }

        return isOld;
    });
}
