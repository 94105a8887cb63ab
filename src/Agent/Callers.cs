using Sallyport.Host.Interop;

namespace Sallyport.Agent;

/// <summary>
/// Who may open how many conversations, and how often a caller other than root may fail
/// (docs/formats/agent-protocol.md, "Limits").
/// </summary>
internal sealed class Callers(TimeProvider time)
{
    public const int EachUid = 8;
    public const int AllButRoot = 64;
    public const int Attempts = 3;
    public const int AttemptsInSeconds = 30;
    public const int LinesInMinute = 60;
    public const int LoginsInMinute = 120;

    private const uint Nobody = 65_534;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, int> _open = [];
    private readonly Dictionary<uint, Queue<long>> _attempts = [];
    private readonly Dictionary<uint, Queue<long>> _logins = [];
    private readonly Dictionary<uint, (long Minute, int Lines)> _logged = [];
    private int _openInAll;

    /// <summary>False: refused at once, without a word.</summary>
    public bool TryEnter(uint uid)
    {
        if (uid == 0)
        {
            return true;
        }

        lock (_lock)
        {
            int open = _open.GetValueOrDefault(uid);
            if (open >= EachUid || _openInAll >= AllButRoot)
            {
                return false;
            }

            _open[uid] = open + 1;
            _openInAll++;
        }

        // Counted first: an account database that is slow to answer must not be a way around the limits. 65534 is what
        // the kernel shows for a uid that it cannot map, so it can be anybody.
        bool known = false;
        try
        {
            known = uid != Nobody && Pwd.ByUid(uid) is not null;
            return known;
        }
        finally
        {
            if (!known)
            {
                Leave(uid);
            }
        }
    }

    /// <summary>Whether what this uid does may fill another line of the agent's log.</summary>
    public bool MayLog(uint uid)
    {
        if (uid == 0)
        {
            return true;
        }

        long minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        lock (_lock)
        {
            (long Minute, int Lines) logged = _logged.GetValueOrDefault(uid);
            logged = logged.Minute == minute ? (minute, logged.Lines + 1) : (minute, 1);
            _logged[uid] = logged;
            return logged.Lines <= LinesInMinute;
        }
    }

    public void Leave(uint uid)
    {
        if (uid == 0)
        {
            return;
        }

        lock (_lock)
        {
            _openInAll--;
            if (--_open[uid] == 0)
            {
                _open.Remove(uid);
            }
        }
    }

    /// <summary>0: go on, this attempt is counted. Otherwise the seconds to wait.</summary>
    public long CountAttempt(uint uid) => Count(_attempts, uid, Attempts, AttemptsInSeconds);

    /// <inheritdoc cref="CountAttempt"/>
    public long CountLogin(uint uid) => Count(_logins, uid, LoginsInMinute, 60);

    private long Count(Dictionary<uint, Queue<long>> counted, uint uid, int most, int seconds)
    {
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        lock (_lock)
        {
            if (!counted.TryGetValue(uid, out Queue<long>? stamps))
            {
                counted[uid] = stamps = new Queue<long>();
            }

            while (stamps.TryPeek(out long oldest) && (oldest < now - seconds || oldest > now))
            {
                stamps.Dequeue();
            }

            if (stamps.Count >= most)
            {
                return stamps.Peek() + seconds + 1 - now;
            }

            stamps.Enqueue(now);
            return 0;
        }
    }
}
