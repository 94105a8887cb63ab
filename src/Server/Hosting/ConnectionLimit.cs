using System.Net;
using Microsoft.AspNetCore.Connections;
using Sallyport.Server.Authentications;
using Sallyport.Server.DuoApi;

namespace Sallyport.Server.Hosting;

/// <summary>
/// So many connections at once from one source: who floods the server takes his own share, not everybody's. Who shares
/// that source with him gets in all the same, in place of the connection that has been idle longest; only where all are
/// in use is one refused. A trusted proxy is many sources, and has no limit here.
/// </summary>
internal sealed class ConnectionLimit(ServerSettings settings, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    /// <summary>One login is one connection, held while somebody looks for his phone.</summary>
    public const int PerSource = 512;

    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);

    private readonly Lock _counting = new();
    private readonly Dictionary<SourceNetwork, Dictionary<ConnectionContext, ConnectionUse>> _open = [];
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
            if (!_open.TryGetValue(source, out var held))
            {
                _open[source] = held = [];
            }

            ConnectionContext? idle = null;
            if (held.Count >= PerSource)
            {
                idle = LongestIdle(held);
                if (idle is null)
                {
                    return (false, null);
                }

                held.Remove(idle);
            }

            held[connection] = use;
            return (true, idle);
        }
    }

    private static ConnectionContext? LongestIdle(Dictionary<ConnectionContext, ConnectionUse> held)
    {
        (ConnectionContext? longest, long since) = (null, long.MaxValue);
        foreach ((ConnectionContext one, ConnectionUse use) in held)
        {
            if (use.IdleSince is long idle && idle < since)
            {
                (longest, since) = (one, idle);
            }
        }

        return longest;
    }

    private void Leave(SourceNetwork source, ConnectionContext connection)
    {
        lock (_counting)
        {
            if (_open.TryGetValue(source, out var held) && held.Remove(connection) && held.Count == 0)
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
