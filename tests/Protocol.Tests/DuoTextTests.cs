using System.Text;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_text_for_a_terminal
{
    [Theory]
    [InlineData("alice", "alice")]
    [InlineData("\u00e9\u00df \u65e5\u672c \ud83d\ude00", "\u00e9\u00df \u65e5\u672c \ud83d\ude00")]
    [InlineData("\u06cc\u200c\u062e \u0915\u094d\u200d\u0937", "\u06cc\u200c\u062e \u0915\u094d\u200d\u0937")]
    [InlineData("a\u001b[2Jb", "a?[2Jb")]
    [InlineData("a\r\n\tb\b\a\0\u007f", "a???b????")]
    [InlineData("\u0080\u009b31m\u009f\u0085", "??31m??")]
    [InlineData("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c", "????????????")]
    [InlineData("\u2028\u2029\u200b\u2060\ufeff\u00ad", "??????")]
    [InlineData("\udb40\udc41", "?")]
    [InlineData(null, "")]
    public void A_line_has_nothing_that_moves_the_cursor(string? text, string clean) =>
        Assert.Equal(clean, DuoText.Line(text));

    /// <summary>An attribute cannot hold half a pair.</summary>
    [Fact]
    public void Half_a_surrogate_pair_is_replaced() => Assert.Equal("a?b?", DuoText.Line("a\ud800b\udc00"));

    [Fact]
    public void Lines_keep_their_ends_and_tabs() =>
        Assert.Equal("a\n\tb??\u2014", DuoText.Lines("a\n\tb\r\u001b\u2014"));

    [Theory]
    [InlineData("616c696365", "alice")]
    [InlineData("c3a9", "\u00e9")]
    [InlineData("61ff62", "a?b")]
    [InlineData("c3", "?")]
    [InlineData("c29b", "?")]
    [InlineData("eda080", "???")]
    [InlineData("", "")]
    public void Bytes_that_are_no_text_are_replaced(string hex, string clean) =>
        Assert.Equal(clean, DuoText.Line(Convert.FromHexString(hex)));

    [Fact]
    public void The_length_is_limited()
    {
        string longest = new('a', DuoText.MaxLine);

        Assert.Equal(longest, DuoText.Line(longest));
        Assert.Equal(longest + "...", DuoText.Line(longest + "a"));
        Assert.Equal(longest[1..] + "...", DuoText.Line(longest[1..] + "\ud83d\ude00"));
        Assert.Equal(longest + "...", DuoText.Line(Encoding.UTF8.GetBytes(new string('a', 100_000))));
        Assert.Equal(DuoText.MaxLine + 3, DuoText.Line(new byte[100_000]).Length);
        Assert.Equal(DuoText.MaxLines + 3, DuoText.Lines(new string('\n', 100_000)).Length);
    }
}
