using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>Facts 0.5 about Duo's clients, in the kernel's own numbers: no time is measured.</summary>
public sealed class SegmentTests
{
    private const int IPPROTO_TCP = 6;
    private const int TCP_INFO = 11;
    private const int TCP_QUICKACK = 12;
    private const int DataSegmentsIn = 152; // tcpi_data_segs_in of struct tcp_info, linux/tcp.h

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A request comes in six or seven records, and each waits for the acknowledgement of the one before.</summary>
    [Fact]
    public async Task Facts_0_5_each_piece_of_a_request_is_waited_for_with_the_flag_on()
    {
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!, Stop);
        using Socket accepted = await listener.AcceptAsync(Stop);
        Pipe pieces = new();
        await using DefaultConnectionContext connection = new("1") { Transport = new Duplex(pieces) };
        connection.Features.Set<IConnectionSocketFeature>(new Feature(accepted));
        List<int> seen = [];

        await QuickAck.Below(async inside =>
        {
            for (int piece = 0; piece < 7; piece++)
            {
                accepted.SetRawSocketOption(IPPROTO_TCP, TCP_QUICKACK, new byte[4]); // as the kernel forgets it
                ValueTask<ReadResult> reading = inside.Transport.Input.ReadAsync(Stop);
                seen.Add(Option(accepted, TCP_QUICKACK, 0));
                await pieces.Writer.WriteAsync("GET "u8.ToArray(), Stop);
                ReadResult read = await reading;
                inside.Transport.Input.AdvanceTo(read.Buffer.End);
            }
        })(connection);

        Assert.Equal(Enumerable.Repeat(1, 7), seen);
    }

    [Theory]
    [InlineData("/auth/v2/ping")]
    [InlineData("/auth/v2/check")] // 401
    [InlineData("/auth/v2/nothing")]
    public async Task Facts_0_5_an_answer_is_one_segment(string path)
    {
        await using HostedServer server = await HostedServer.StartAsync();
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Stop);
        await using SslStream tls = await server.ConnectAsync(client.GetStream());
        await AskAsync(tls, path); // the tickets of the TLS session come with the first
        int before = Option(client.Client, TCP_INFO, DataSegmentsIn);

        for (int i = 0; i < 3; i++)
        {
            await AskAsync(tls, path);
        }

        Assert.Equal(before + 3, Option(client.Client, TCP_INFO, DataSegmentsIn));
    }

    private static async Task AskAsync(SslStream tls, string path)
    {
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {path}? HTTP/1.1\r\nHost: auth.example.com\r\n\r\n"), Stop);
        byte[] answer = new byte[4096];
        int read = 0;
        while (!Encoding.ASCII.GetString(answer, 0, read).EndsWith('}'))
        {
            int more = await tls.ReadAsync(answer.AsMemory(read), Stop);
            Assert.NotEqual(0, more);
            read += more;
        }
    }

    private static int Option(Socket socket, int option, int offset)
    {
        byte[] value = new byte[offset + 4];
        socket.GetRawSocketOption(IPPROTO_TCP, option, value);
        return BitConverter.ToInt32(value, offset);
    }

    private sealed record Feature(Socket Socket) : IConnectionSocketFeature;

    private sealed class Duplex(Pipe pipe) : IDuplexPipe
    {
        public PipeReader Input => pipe.Reader;

        public PipeWriter Output => pipe.Writer;
    }
}
