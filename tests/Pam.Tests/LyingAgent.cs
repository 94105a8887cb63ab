using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.Pam.Tests;

/// <summary>An agent that plays one script for each connection, and hangs up at its end.</summary>
internal sealed class LyingAgent : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<Peer, Task> _script;
    private readonly Task _serving;

    public LyingAgent(Func<Peer, Task> script)
    {
        _script = script;
        SocketPath = Path.Combine(_folder.FullName, "agent.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(64);
        _serving = ServeAsync();
    }

    public string SocketPath { get; }

    /// <summary>How many asked so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Also where a script that failed makes its test fail.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
        _folder.Delete(recursive: true);
    }

    private async Task ServeAsync()
    {
        while (await AcceptAsync() is { } socket)
        {
            using (socket)
            {
                await _script(new Peer(socket, Connections++));
            }
        }
    }

    private async Task<Socket?> AcceptAsync()
    {
        try
        {
            return await _listener.AcceptAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <param name="socket">The connection.</param>
    /// <param name="number">0 for the first that asks.</param>
    internal sealed class Peer(Socket socket, int number)
    {
        public int Number => number;

        /// <summary>Everything that the shim said, as it came.</summary>
        public async Task<string> ReceiveAsync(char type)
        {
            byte[] header = await ReadAsync(5);
            Assert.Equal(type, (char)header[0]);
            return Encoding.Latin1.GetString(await ReadAsync(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))));
        }

        /// <summary>In one segment. That the shim has hung up before it is no mistake of the script.</summary>
        public async Task SendAsync(params byte[][] frames)
        {
            try
            {
                await socket.SendAsync(frames.SelectMany(frame => frame).ToArray());
            }
            catch (SocketException)
            {
            }
        }

        public async Task DribbleAsync(params byte[][] frames)
        {
            foreach (byte one in frames.SelectMany(frame => frame))
            {
                await SendAsync([one]);
                await Task.Delay(1);
            }
        }

        public async Task UntilThereIsSomethingToReadAsync()
        {
            while (socket.Available == 0)
            {
                await Task.Delay(1);
            }
        }

        public async Task UntilClosedAsync()
        {
            var rest = new byte[4096];
            while (await socket.ReceiveAsync(rest) > 0)
            {
            }
        }

        private async Task<byte[]> ReadAsync(int length)
        {
            var bytes = new byte[length];
            for (int read = 0; read < length;)
            {
                int more = await socket.ReceiveAsync(bytes.AsMemory(read));
                Assert.True(more > 0, "the shim hung up early");
                read += more;
            }

            return bytes;
        }
    }
}
