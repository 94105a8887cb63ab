using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Server.Hosting;

/// <summary>
/// The sockets that systemd listens on for this process (sd_listen_fds(3)). They outlive it: who comes while the server
/// starts anew waits in systemd's queue, and is not refused.
/// </summary>
internal static class SystemdSockets
{
    private const int First = 3; // SD_LISTEN_FDS_START

    public static Dictionary<EndPoint, Socket> Take() => Take(
        Environment.GetEnvironmentVariable("LISTEN_PID"), Environment.GetEnvironmentVariable("LISTEN_FDS"), First);

    /// <summary>By the addresses on which they listen.</summary>
    /// <param name="pid">Whom they are for; another process may have left the variables.</param>
    /// <param name="count">How many descriptors, from <paramref name="first"/> on.</param>
    /// <exception cref="SettingsException">One of them is no socket that takes connections over IP.</exception>
    public static Dictionary<EndPoint, Socket> Take(string? pid, string? count, int first)
    {
        Dictionary<EndPoint, Socket> sockets = [];
        if (pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return sockets;
        }

        for (int descriptor = first; descriptor < first + number; descriptor++)
        {
            Socket socket = new(new SafeSocketHandle(descriptor, ownsHandle: true));
            if (AddressOf(socket) is not { } address || !sockets.TryAdd(address, socket))
            {
                throw new SettingsException(
                    "sallyport-server.socket: ListenStream=ADDRESS:PORT, each once, is all that the server takes");
            }
        }

        return sockets;
    }

    /// <summary>Null: it is no socket that takes connections over IP.</summary>
    private static IPEndPoint? AddressOf(Socket socket)
    {
        try
        {
            bool isListening = socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0;
            return isListening ? socket.LocalEndPoint as IPEndPoint : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
