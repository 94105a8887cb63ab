using System.Net;
using Microsoft.AspNetCore.Connections;
using Sallyport.Server.Authentications;
using Sallyport.Server.Web;

namespace Sallyport.Server.Hosting;

/// <summary>
/// So many connections at once from one source: who floods the server takes his own share, not everybody's. Who shares
/// that source with him gets in all the same, in place of the connection that has been idle longest; only where all are
/// in use is one refused. So it is with all sources together: there one of the source that has most has to go. A trusted
/// proxy is many sources, and has no limit here.
/// </summary>
internal sealed class ConnectionLimit(ServerSettings settings, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    /// <summary>One login is one connection, held while somebody looks for his phone.</summary>
    public const int PerSource = 512;

    /// <summary>Of all sources together; ten thousand logins may wait for their phones.</summary>
    public const int InAll = 16_384;

    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);

    private readonly Lock _counting = new();
    private readonly Dictionary<SourceNetwork, Dictionary<ConnectionContext, ConnectionUse>> _open = [];
    private int _count;
    private long _lastLogged = long.MinValue;

    public ConnectionDelegate Below(ConnectionDelegate next) => async connection =>
    {
        if (SourceOf(connection.RemoteEndPoint) is not SourceNetwork source)
        {
            await next(connection);
            return;
        }

        (bool entered, ConnectionContext? idle) = Enter(source, connection);
        if (!entered || idle is not null)
        {
            Tell(source);
            (idle ?? connection).Abort(new ConnectionAbortedException("too many connections from its source"));
        }

        if (!entered)
        {
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave(source, connection);
        }
    };

    /// <summary>Null: no limit.</summary>
    private SourceNetwork? SourceOf(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: IPAddress address })
        {
            return null;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return settings.TrustedProxies.Any(network => network.Contains(address)) ? null : SourceNetwork.Of(address);
    }

    /// <summary>Whether there is room, and in whose place.</summary>
    private (bool Entered, ConnectionContext? Idle) Enter(SourceNetwork source, ConnectionContext connection)
    {
        ConnectionUse use = new(time.GetTimestamp());
        connection.Features.Set(use);
        lock (_counting)
        {
            Dictionary<ConnectionContext, ConnectionUse> held = _open.GetValueOrDefault(source) ?? [];
            ConnectionContext? idle = null;
            bool isFull = held.Count >= PerSource;
            if (isFull || _count >= InAll)
            {
                (SourceNetwork from, idle) = LongestIdle(isFull ? [source] : Largest());
                if (idle is null)
                {
                    return (false, null);
                }

                Remove(from, idle);
            }

            _open[source] = held; // it is new, or has just been emptied
            held[connection] = use;
            _count++;
            return (true, idle);
        }
    }

    private IEnumerable<SourceNetwork> Largest()
    {
        int most = _open.Values.Max(held => held.Count);
        return _open.Where(one => one.Value.Count == most).Select(one => one.Key);
    }

    private (SourceNetwork Source, ConnectionContext? Connection) LongestIdle(IEnumerable<SourceNetwork> sources)
    {
        (SourceNetwork Source, ConnectionContext? Connection) longest = default;
        long since = long.MaxValue;
        foreach (SourceNetwork source in sources)
        {
            foreach ((ConnectionContext one, ConnectionUse use) in _open[source])
            {
                if (use.IdleSince is long idle && idle < since)
                {
                    (longest, since) = ((source, one), idle);
                }
            }
        }

        return longest;
    }

    private void Leave(SourceNetwork source, ConnectionContext connection)
    {
        lock (_counting)
        {
            Remove(source, connection);
        }
    }

    private void Remove(SourceNetwork source, ConnectionContext connection)
    {
        if (_open.TryGetValue(source, out var held) && held.Remove(connection))
        {
            _count--;
            if (held.Count == 0)
            {
                _open.Remove(source);
            }
        }
    }

    // A flood must not fill the log.
    private void Tell(SourceNetwork source)
    {
        long now = time.GetUtcNow().UtcTicks;
        long last = Interlocked.Read(ref _lastLogged);
        if ((last == long.MinValue || now - last >= _quiet.Ticks)
            && Interlocked.CompareExchange(ref _lastLogged, now, last) == last)
        {
            Log.TooManyConnections(logger, PerSource, source.ToString());
        }
    }
}
