using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Sallyport.Cli.Doctor;

namespace Sallyport.Host.Tests.Doctor;

public sealed class TimeServerTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0)]
    [InlineData(45)]
    [InlineData(-90)]
    public async Task It_tells_how_far_the_clock_is_ahead(int seconds) =>
        Assert.Equal(seconds, (await AskAsync((_, answer) => Stamp(answer, _now.AddSeconds(-seconds))))!.Value.TotalSeconds, 0.001);

    /// <summary>RFC 4330 section 3: in February 2036 the seconds begin again.</summary>
    [Fact]
    public async Task It_goes_on_after_2036()
    {
        DateTimeOffset now = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);

        TimeSpan? ahead = await AskAsync((_, answer) => Stamp(answer, now.AddSeconds(-7)), now);

        Assert.Equal(7, ahead!.Value.TotalSeconds, 0.001);
    }

    [Theory]
    [InlineData("not the echo of what was asked")]
    [InlineData("a client's message")]
    [InlineData("a clock that is not synchronised")]
    [InlineData("a kiss of death")]
    [InlineData("no time")]
    [InlineData("cut off")]
    public async Task What_is_no_answer_says_nothing(string fault) => Assert.Null(await AskAsync((_, answer) =>
    {
        Stamp(answer, _now);
        switch (fault)
        {
            case "not the echo of what was asked":
                answer[24] ^= 1;
                break;
            case "a client's message":
                answer[0] = 0x23;
                break;
            case "a clock that is not synchronised":
                answer[0] |= 0xC0;
                break;
            case "a kiss of death":
                answer[1] = 0;
                break;
            case "no time":
                answer.AsSpan(40).Clear();
                break;
            default:
                return answer[..47];
        }

        return answer;
    }));

    [Fact]
    public async Task Silence_says_nothing()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        Assert.Null(await TimeServer.AheadAsync(silent.LocalEndPoint!.ToString()!, TimeProvider.System, patience.Token));
    }

    private static byte[] Stamp(byte[] answer, DateTimeOffset instant)
    {
        uint seconds = unchecked((uint)(instant.ToUnixTimeSeconds() + 2_208_988_800)); // 1900 to 1970
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(32), seconds);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(40), seconds);
        return answer;
    }

    private static async Task<TimeSpan?> AskAsync(Func<byte[], byte[], byte[]> answer, DateTimeOffset? now = null)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Task<TimeSpan?> asked = TimeServer.AheadAsync(
            server.LocalEndPoint!.ToString()!, new FakeTimeProvider(now ?? _now), cancellationToken);
        byte[] request = new byte[48];
        SocketReceiveFromResult from = await server.ReceiveFromAsync(request, new IPEndPoint(IPAddress.Any, 0), cancellationToken);
        byte[] usual = new byte[48];
        usual[0] = 0x24; // version 4, server
        usual[1] = 2;
        request.AsSpan(40, 8).CopyTo(usual.AsSpan(24));
        await server.SendToAsync(answer(request, usual), from.RemoteEndPoint, cancellationToken);
        return await asked;
    }
}
