using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sallyport.Cli.Phone;

namespace Sallyport.Host.Tests.Phone;

/// <summary>text/event-stream (WHATWG HTML section 9.2), in whatever pieces it comes.</summary>
public sealed class Given_a_stream_of_events
{
    [Theory]
    [InlineData("event: pending\ndata: {1}\n\n", "{1}")]
    [InlineData("event:pending\r\ndata:{1}\r\n\r\nevent: pending\ndata: {2}\n\n", "{1}", "{2}")]
    [InlineData(": hello\n\n: still there\n\ndata: {1}\nevent: pending\nid: 7\n\n:\n\n", "{1}")]
    [InlineData("event: other\ndata: {1}\n\ndata: {2}\n\nevent: pending\n\nevent: pending\ndata: {3}\n\n", "{3}")]
    [InlineData("event: pending\ndata: {1}\n")]
    [InlineData("")]
    public async Task Only_whole_ones_with_the_right_name_count(string text, params string[] expected)
    {
        foreach (int piece in (int[])[1, 2, 7, 4096])
        {
            Pieces stream = new(Encoding.UTF8.GetBytes(text), piece);
            using EventStream events = new(new HttpResponseMessage(), stream, TimeProvider.System);
            List<string> data = [];
            while (await events.NextAsync(TestContext.Current.CancellationToken) is byte[] next)
            {
                data.Add(Encoding.UTF8.GetString(next));
            }

            Assert.Equal(expected, data);
        }
    }

    [Fact]
    public async Task A_server_that_says_nothing_for_so_long_is_not_there_any_more()
    {
        FakeTimeProvider time = new();
        Pipe pipe = new();
        using EventStream events = new(new HttpResponseMessage(), pipe.Reader.AsStream(), time);
        Task<byte[]?> next = events.NextAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(44));
        await pipe.Writer.WriteAsync(":\n\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken); // it reads that
        time.Advance(TimeSpan.FromSeconds(44));
        Assert.False(next.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(2));

        PhoneException silent = await Assert.ThrowsAsync<PhoneException>(() => next);
        Assert.True(silent.Passes);
    }

    /// <summary>So many bytes at a time.</summary>
    private sealed class Pieces(byte[] content, int most) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }
}
