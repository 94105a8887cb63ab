using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Sallyport.Server.Hosting;

/// <summary>
/// So many connections at once from one source: who floods the server takes his own share, not everybody's. A trusted
/// proxy is many sources, and has no limit here.
/// </summary>
internal sealed class ConnectionLimit(ServerSettings settings, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    /// <summary>One login is one connection, held while somebody looks for his phone.</summary>
    public const int PerSource = 512;

    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IPAddress, int> _open = [];
    private long _lastLogged = long.MinValue;

    public ConnectionDelegate Below(ConnectionDelegate next) => async connection =>
    {
        if (SourceOf(connection.RemoteEndPoint) is not IPAddress source)
        {
            await next(connection);
            return;
        }

        int open = _open.AddOrUpdate(source, 1, (_, before) => before + 1);
        try
        {
            if (open > PerSource)
            {
                Tell(source);
                connection.Abort();
                return;
            }

            await next(connection);
        }
        finally
        {
            Leave(source);
        }
    };

    /// <summary>An IPv6 site has a whole /64, so that is its source. Null: no limit.</summary>
    private IPAddress? SourceOf(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: IPAddress address })
        {
            return null;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (settings.TrustedProxies.Any(network => network.Contains(address)))
        {
            return null;
        }

        return address.AddressFamily is AddressFamily.InterNetworkV6
            ? new IPAddress([.. address.GetAddressBytes().Take(8), 0, 0, 0, 0, 0, 0, 0, 0])
            : address;
    }

    private void Leave(IPAddress source)
    {
        // Only who counts to zero removes it, and only while it is zero.
        if (_open.AddOrUpdate(source, 0, (_, before) => before - 1) == 0)
        {
            _open.TryRemove(new KeyValuePair<IPAddress, int>(source, 0));
        }
    }

    // A flood must not fill the log.
    private void Tell(IPAddress source)
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
