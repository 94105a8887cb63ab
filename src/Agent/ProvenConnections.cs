namespace Sallyport.Agent;

/// <summary>
/// Connections that passed the auth phase and have not opened their session yet. sshd runs the two phases in two
/// processes, so only the agent can tie them together.
/// </summary>
internal sealed class ProvenConnections(TimeProvider time)
{
    // A little more than sshd's LoginGraceTime of 120 s.
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(150);

    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<(uint Uid, string Connection), long> _proven = [];

    public void Add(uint uid, string sshConnection)
    {
        lock (_lock)
        {
            if (_proven.Count >= Most)
            {
                foreach ((uint, string) expired in _proven.Where(p => !IsFresh(p.Value)).Select(p => p.Key).ToList())
                {
                    _proven.Remove(expired);
                }
            }

            if (_proven.Count < Most)
            {
                _proven[(uid, sshConnection)] = time.GetTimestamp();
            }
        }
    }

    /// <summary>True once: the session that opens uses it up.</summary>
    public bool Take(uint uid, string sshConnection)
    {
        lock (_lock)
        {
            return _proven.Remove((uid, sshConnection), out long since) && IsFresh(since);
        }
    }

    // The monotonic clock: setting the wall clock back must not make an old login fresh.
    private bool IsFresh(long since) => time.GetElapsedTime(since) < Lifetime;
}
