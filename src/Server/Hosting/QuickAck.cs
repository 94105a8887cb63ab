using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Sallyport.Server.Hosting;

/// <summary>
/// Acknowledges each segment at once. The C clients send a request in seven small writes without TCP_NODELAY: each waits
/// for the acknowledgement of the one before it, which Linux would delay by 40 ms. The kernel forgets TCP_QUICKACK soon
/// (tcp(7)), so it is set again whenever more is read. Below TLS, where each read is one of the network.
/// </summary>
internal static class QuickAck
{
    private const int IPPROTO_TCP = 6; // netinet/in.h
    private const int TCP_QUICKACK = 12; // netinet/tcp.h

    public static ConnectionDelegate Below(ConnectionDelegate next) => async connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not Socket socket)
        {
            await next(connection);
            return;
        }

        IDuplexPipe transport = connection.Transport;
        connection.Transport = new Transport(new Reader(transport.Input, socket), transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    };

    private static void Arm(Socket socket)
    {
        ReadOnlySpan<byte> on = BitConverter.IsLittleEndian ? [1, 0, 0, 0] : [0, 0, 0, 1];
        try
        {
            socket.SetRawSocketOption(IPPROTO_TCP, TCP_QUICKACK, on);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The connection has ended. The read will say so.
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Reader(PipeReader inner, Socket socket) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            Arm(socket);
            return inner.ReadAsync(cancellationToken);
        }

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
            inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
