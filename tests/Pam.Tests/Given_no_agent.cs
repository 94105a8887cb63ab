using System.Diagnostics;
using System.Net.Sockets;

namespace Sallyport.Pam.Tests;

public sealed class Given_no_agent : IDisposable
{
    private const string NobodysUid = "65534";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    [InlineData("session")]
    public async Task When_there_is_no_socket_the_log_says_what_to_start(string op)
    {
        string path = Path.Combine(_folder.FullName, "agent.sock");

        ShimCall call = Assert.Single(await Shim.RunAsync(op, "nullok", $"socket={path}"));

        call.AssertRefused(op, $"at {path}: No such file or directory; is sallyport-agent.socket started?");
    }

    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    [InlineData("session")]
    public async Task When_nobody_listens_at_the_socket_it_is_refused(string op)
    {
        string path = Path.Combine(_folder.FullName, "agent.sock");
        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        dead.Bind(new UnixDomainSocketEndPoint(path));

        ShimCall call = Assert.Single(await Shim.RunAsync(op, "nullok", $"socket={path}"));

        call.AssertRefused(op, "Connection refused");
    }

    [Theory]
    [InlineData("")]
    [InlineData("agent.sock")]
    [InlineData("../../../run/sallyport/agent.sock")]
    public async Task When_the_path_is_not_absolute_it_is_refused(string path)
    {
        ShimCall call = Assert.Single(await Shim.RunAsync("auth", "nullok", $"socket={path}"));

        call.AssertRefused("auth", "not an absolute path");
    }

    [Theory]
    [InlineData(107, "No such file")]
    [InlineData(108, "not an absolute path of at most 107 bytes")]
    public async Task When_the_path_is_longer_than_an_address_it_is_refused_and_not_cut(int length, string reason)
    {
        string path = _folder.FullName + "/" + new string('s', length - _folder.FullName.Length - 1);

        ShimCall call = Assert.Single(await Shim.RunAsync("auth", "nullok", $"socket={path}"));

        call.AssertRefused("auth", reason);
    }

    [Theory]
    [InlineData("auth")]
    [InlineData("account")]
    [InlineData("session")]
    public async Task When_somebody_other_than_root_listens_he_is_told_nothing(string op)
    {
        string path = Path.Combine(_folder.FullName, "agent.sock");
        using Process impostor = Process.Start(
            new ProcessStartInfo(Native.Driver, ["serve", path, NobodysUid]) { RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("listening", await impostor.StandardOutput.ReadLineAsync(Cancelled));

            ShimCall call = Assert.Single(await Shim.RunAsync("-k", "secret", op, "use_first_pass", $"socket={path}"));

            call.AssertRefused(op, $"uid {NobodysUid} listens at {path}");
            Assert.Equal("received 0", await impostor.StandardOutput.ReadLineAsync(Cancelled));
        }
        finally
        {
            impostor.Kill();
        }
    }

    [Fact]
    public async Task When_its_queue_stays_full_it_is_refused_after_two_seconds()
    {
        using var queue = new FullQueue(_folder);
        long start = Stopwatch.GetTimestamp();

        ShimCall call = Assert.Single(await Shim.RunAsync("auth", "nullok", $"socket={queue.SocketPath}"));

        call.AssertRefused("auth", "Resource temporarily unavailable");
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 1.9, 20);
    }

    [Fact]
    public async Task When_its_queue_gets_room_in_time_it_is_asked()
    {
        using var queue = new FullQueue(_folder);
        Task<IReadOnlyList<ShimCall>> asking = Shim.RunAsync("auth", "nullok", $"socket={queue.SocketPath}");
        await Task.Delay(500, Cancelled);
        using Socket shim = await queue.AcceptBehindItAsync().WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        _ = await shim.ReceiveAsync(new byte[4096], Cancelled); // the hello
        await shim.SendAsync(Frame.Allow);

        ShimCall call = Assert.Single(await asking);

        Assert.Equal(PamCode.Success, call.Code);
    }

    /// <summary>A listener whose queue is taken by others who connected before.</summary>
    private sealed class FullQueue : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly List<Socket> _others = [];

        public FullQueue(DirectoryInfo folder)
        {
            SocketPath = Path.Combine(folder.FullName, "agent.sock");
            _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
            _listener.Listen(1);
            while (TryConnect())
            {
            }
        }

        public string SocketPath { get; }

        public async Task<Socket> AcceptBehindItAsync()
        {
            foreach (Socket _ in _others)
            {
                (await _listener.AcceptAsync()).Dispose();
            }

            return await _listener.AcceptAsync();
        }

        public void Dispose()
        {
            _others.ForEach(other => other.Dispose());
            _listener.Dispose();
        }

        private bool TryConnect()
        {
            var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            try
            {
                other.Connect(new UnixDomainSocketEndPoint(SocketPath));
                _others.Add(other);
                return true;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock)
            {
                other.Dispose();
                return false;
            }
        }
    }
}
