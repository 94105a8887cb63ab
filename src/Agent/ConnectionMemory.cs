namespace Sallyport.Agent;

/// <summary>
/// ssh connections of which one thing is known: that they passed the auth phase and have not opened their session yet, or
/// that they have made a phone ring. sshd runs its phases in processes of their own, so only the agent can tie them together.
/// </summary>
internal sealed class ConnectionMemory(TimeProvider time)
{
    // A little more than sshd's LoginGraceTime of 120 s.
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(150);

    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<(uint Uid, string Connection), long> _known = [];

    public void Add(uint uid, string sshConnection)
    {
        lock (_lock)
        {
            if (_known.Count >= Most)
            {
                foreach ((uint, string) expired in _known.Where(p => !IsFresh(p.Value)).Select(p => p.Key).ToList())
                {
                    _known.Remove(expired);
                }
            }

            if (_known.Count < Most)
            {
                _known[(uid, sshConnection)] = time.GetTimestamp();
            }
        }
    }

    public bool Has(uint uid, string sshConnection)
    {
        lock (_lock)
        {
            return _known.TryGetValue((uid, sshConnection), out long since) && IsFresh(since);
        }
    }

    /// <summary>True once: the session that opens uses it up.</summary>
    public bool Take(uint uid, string sshConnection)
    {
        lock (_lock)
        {
            return _known.Remove((uid, sshConnection), out long since) && IsFresh(since);
        }
    }

    // The monotonic clock: setting the wall clock back must not make an old login fresh.
    private bool IsFresh(long since) => time.GetElapsedTime(since) < Lifetime;
}
