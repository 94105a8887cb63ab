using System.Text;
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
            using EventStream events = new(new HttpResponseMessage(), new Pieces(Encoding.UTF8.GetBytes(text), piece));
            List<string> data = [];
            while (await events.NextAsync(TestContext.Current.CancellationToken) is byte[] next)
            {
                data.Add(Encoding.UTF8.GetString(next));
            }

            Assert.Equal(expected, data);
        }
    }

    /// <summary>So many bytes at a time.</summary>
    private sealed class Pieces(byte[] content, int most) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }
}
