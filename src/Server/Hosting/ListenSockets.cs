using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Sallyport.Server.Hosting;

/// <summary>
/// The sockets that the web servers listen on, systemd's or bound here before these start: what cannot be bound is one
/// line that says what to do, and no stack of theirs in the log.
/// </summary>
internal sealed class ListenSockets(ServerSettings settings) : IDisposable
{
    private readonly Dictionary<EndPoint, Socket> _bound = [];

    /// <param name="held">What systemd listens on for this process (<see cref="SystemdSockets"/>), which is emptied.</param>
    /// <exception cref="SettingsException">
    /// An address cannot be listened on, or systemd listens on one that no setting names.
    /// </exception>
    public void Bind(Dictionary<EndPoint, Socket> held)
    {
        // Before anything is bound: 0.0.0.0:443 and [::]:443 would be in each other's way, and nothing would say why.
        if (held.Keys.FirstOrDefault(address => !settings.Endpoints.Contains(address) && !address.Equals(settings.Metrics))
            is { } stranger)
        {
            throw new SettingsException($"sallyport-server.socket has {stranger}, and 'listen' is "
                + $"{string.Join(", ", settings.Endpoints)}: make them the same, or systemctl disable --now "
                + "sallyport-server.socket");
        }

        foreach (IPEndPoint endpoint in settings.Endpoints)
        {
            Bind(endpoint, "listen", held);
        }

        if (settings.Metrics is IPEndPoint metrics)
        {
            Bind(metrics, "metrics", held);
        }
    }

    /// <summary>For Kestrel, which closes what it gets.</summary>
    public Socket Take(EndPoint endpoint) => _bound.Remove(endpoint, out Socket? socket)
        ? socket
        : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);

    public void Dispose()
    {
        foreach (Socket socket in _bound.Values)
        {
            socket.Dispose();
        }
    }

    private void Bind(IPEndPoint endpoint, string key, Dictionary<EndPoint, Socket> held)
    {
        try
        {
            _bound.Add(endpoint, held.Remove(endpoint, out Socket? socket)
                ? socket
                : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint));
        }
        catch (SocketException refused)
        {
            throw new SettingsException($"cannot listen on {endpoint} ({key}): {WhatNow(endpoint, refused)}", refused);
        }
        catch (ArgumentException twice)
        {
            throw new SettingsException($"cannot listen on {endpoint} ({key}): it is set twice", twice);
        }
    }

    private static string WhatNow(IPEndPoint endpoint, SocketException refused) => refused.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"another program does; ss -ltnp 'sport = :{endpoint.Port}' names it",
        SocketError.AccessDenied =>
            "ports below 1024 are root's. systemctl start sallyport-server may listen there; or take a higher port",
        SocketError.AddressNotAvailable =>
            "this machine has no such address; ip address shows those that it has",
        _ => refused.Message,
    };
}
