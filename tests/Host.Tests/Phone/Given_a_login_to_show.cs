using Sallyport.Cli.Phone;
using Sallyport.Protocol.Approvals;

namespace Sallyport.Host.Tests.Phone;

/// <summary>What a person sees of a login before he decides.</summary>
public sealed class Given_a_login_to_show
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 6, 30, 0, TimeSpan.Zero);

    private static readonly ApprovalRecord Record = new()
    {
        Server = "duo.example.org",
        Transaction = "t1",
        Device = "DP1",
        Application = "bastion",
        User = "alice",
        Expires = Now.ToUnixTimeSeconds() + 42,
    };

    [Fact]
    public void What_is_not_known_is_said_to_be()
    {
        Assert.Equal(
            "t1\tapplication=bastion\tuser=alice\thost=unknown\taddress=unknown\t42 s left\tasks for no number",
            RequestText.Line(new PendingRequest(Record, null, null), Now));
    }

    [Theory]
    [InlineData(41, "1 s left")]
    [InlineData(42, "0 s left")]
    [InlineData(4200, "0 s left")]
    public void What_is_too_late_has_no_time_left(int later, string expected)
    {
        string line = RequestText.Line(new PendingRequest(Record, 2, null), Now.AddSeconds(later));

        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_words_of_a_host_push_nothing_off_the_screen()
    {
        string shown = RequestText.Full(new PendingRequest(Record, null, new string('x', 19_999) + "\n"), Now);

        Assert.InRange(shown.Length, 300, 700);
        Assert.Equal(9, shown.Count(c => c == '\n'));
        Assert.Contains("from address: unknown\n", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web1.example.org", "web1.example.org")]
    [InlineData("ädä 名前 \U0001F600", "ädä 名前 \U0001F600")]
    [InlineData("a\0b\tc\nd\re\u001bf\u007fg\u0085h\u009bi", "a?b?c?d?e?f?g?h?i")]
    [InlineData("\u202a\u202e\u2066\u2069\u200b\u200d\u2060\ufeff\u00ad", "?????????")]
    [InlineData("\u2028\u2029\ue000\udb40\udc41", "????")]
    public void What_a_terminal_would_obey_or_an_eye_not_see_is_a_question_mark(string text, string shown)
    {
        Assert.Equal(shown, RequestText.Shown(text));
    }
}
