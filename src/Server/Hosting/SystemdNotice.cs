using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Sallyport.Server.Hosting;

/// <summary>Tells systemd when requests are answered (sd_notify(3)), and the log where.</summary>
internal sealed class SystemdNotice(
    IHostApplicationLifetime lifetime, IServer server, ServerSettings settings, ILogger<SystemdNotice> logger)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() =>
        {
            foreach (string address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            {
                Log.Listening(logger, settings.PublicHost, address);
            }

            Send("READY=1"u8);
        });
        lifetime.ApplicationStopping.Register(() => Send("STOPPING=1"u8));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // An abstract name starts with '@' in the variable and with NUL in the address.
    private static void Send(ReadOnlySpan<byte> state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
        {
            return;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
            socket.Send(state);
        }
        catch (SocketException)
        {
            // Nobody listens there any more; systemd will see the process itself.
        }
    }
}
