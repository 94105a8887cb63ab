using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Sallyport.Cli.Doctor;

/// <summary>
/// Asks a time server how far this host's clock is off (SNTP, RFC 4330). Nobody proves who answers, so the answer is
/// something to tell, and never a reason to set a clock.
/// </summary>
internal static class TimeServer
{
    private const int Port = 123;
    private const int MessageBytes = 48;
    private const byte ClientOfVersion4 = 0b00_100_011;
    private const int ModeOfServer = 4;

    private static readonly DateTimeOffset _epoch = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero); // RFC 4330 section 3

    // Seconds since 1900 filled 32 bits in February 2036, and begin again there.
    private static readonly TimeSpan _era = TimeSpan.FromSeconds(1L << 32);

    /// <summary>How much the host's clock is ahead; null: no usable answer in time.</summary>
    /// <param name="server">A name or an address, with :port or without.</param>
    public static async Task<TimeSpan?> AheadAsync(string server, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            (string host, int port) = Split(server);
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
            using var socket = new Socket(addresses[0].AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(new IPEndPoint(addresses[0], port), cancellationToken); // others' answers are dropped
            byte[] request = new byte[MessageBytes];
            request[0] = ClientOfVersion4;
            RandomNumberGenerator.Fill(request.AsSpan(40)); // transmit timestamp: only its echo counts
            DateTimeOffset sent = time.GetUtcNow();
            await socket.SendAsync(request, cancellationToken);
            byte[] answer = new byte[MessageBytes];
            int length = await socket.ReceiveAsync(answer, cancellationToken);
            DateTimeOffset received = time.GetUtcNow();
            return length == MessageBytes && IsAnswer(answer, request) ? Ahead(answer, sent, received) : null;
        }
        catch (Exception silent) when (silent is SocketException or OperationCanceledException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>RFC 4330 section 5: of a server, to this request, by a clock that it trusts itself.</summary>
    private static bool IsAnswer(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> request) =>
        (answer[0] & 7) == ModeOfServer && answer[0] >> 6 != 3 && answer[1] is >= 1 and <= 15
        && answer[24..32].SequenceEqual(request[40..48]) && answer[40..48].ContainsAnyExcept((byte)0);

    /// <summary>RFC 4330 section 5: ((T2 - T1) + (T3 - T4)) / 2 is what the clock lacks.</summary>
    private static TimeSpan Ahead(ReadOnlySpan<byte> answer, DateTimeOffset sent, DateTimeOffset received) =>
        -(Instant(answer[32..40], sent) - sent + (Instant(answer[40..48], received) - received)) / 2;

    private static DateTimeOffset Instant(ReadOnlySpan<byte> timestamp, DateTimeOffset near)
    {
        DateTimeOffset instant = _epoch
            + TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(timestamp))
            + TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(timestamp[4..]) / (double)(1L << 32));
        return near - instant > _era / 2 ? instant + _era : instant;
    }

    private static (string Host, int Port) Split(string server)
    {
        int colon = server.LastIndexOf(':');
        return colon > 0 && server.IndexOf(':', StringComparison.Ordinal) == colon
            && int.TryParse(server.AsSpan(colon + 1), out int port)
                ? (server[..colon], port)
                : (server, Port);
    }
}
