namespace Sallyport.Host.Duo;

/// <summary>
/// The servers that this process has spoken to, with their TLS connections: a login that finds one open needs no
/// handshake. For many threads; one for a process.
/// </summary>
internal sealed class DuoConnections(TimeProvider? time = null) : IDisposable
{
    private readonly Dictionary<Key, DuoServer> _servers = [];

    /// <summary>Connections are shared only by settings that would have made the same ones.</summary>
    public DuoServer Of(DuoSettings settings)
    {
        Key key = new(settings.Host, settings.Port, settings.CaFile, settings.NoVerify, settings.Proxy);
        lock (_servers)
        {
            if (!_servers.TryGetValue(key, out DuoServer? server))
            {
                server = new DuoServer(time ?? TimeProvider.System);
                _servers[key] = server;
            }

            return server;
        }
    }

    public void Dispose()
    {
        lock (_servers)
        {
            foreach (DuoServer server in _servers.Values)
            {
                server.Dispose();
            }
        }
    }

    private sealed record Key(string Host, int Port, string? CaFile, bool NoVerify, DuoProxy? Proxy);
}
