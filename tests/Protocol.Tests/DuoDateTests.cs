using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_the_date_of_a_request
{
    private static readonly DateTimeOffset Instant = new(2026, 11, 22, 17, 18, 26, TimeSpan.Zero);

    [Theory]
    [InlineData("Sun, 22 Nov 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 -0000")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 GMT")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 UTC")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 UT")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 Z")]
    [InlineData("Mon, 22 nov 2026 18:18:26 +0100")]
    [InlineData("dim., 22 nov. 2026 18:18:26 +01:00")]
    [InlineData("So, 22 Nov 2026 09:18:26 -0800")]
    [InlineData("\u65e5, 22 11\u6708 2026 17:18:26 +0000")]
    [InlineData("\uc77c, 22 11\uc6d4 2026 17:18:26 +0000")]
    [InlineData("22 NOVEMBER 2026 17:18:26 +0000")]
    [InlineData("Mon, 23 Nov 2026 07:18:26 +1400")]
    [InlineData("  Sun,  22 11 2026  17:18:26 +0000 ")]
    public void It_is_read_in_many_forms(string text)
    {
        Assert.True(DuoDate.TryParse(text, out DateTimeOffset date));
        Assert.Equal(Instant, date);
        Assert.Equal(TimeSpan.Zero, date.Offset);
    }

    [Fact]
    public void Each_month_has_its_name()
    {
        string[] names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        for (int month = 1; month <= 12; month++)
        {
            Assert.True(DuoDate.TryParse($"Sun, 01 {names[month - 1]} 2026 00:00:00 GMT", out DateTimeOffset date));
            Assert.Equal(month, date.Month);
            Assert.True(DuoDate.TryParse($"Sun, 1 {month} 2026 00:00:00 GMT", out DateTimeOffset byNumber));
            Assert.Equal(date, byNumber);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("Sun")]
    [InlineData("Sun, 22 Nov 2026 17:18:26")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 +0000 x")]
    [InlineData("Sun, 22 Nov 2026 17:18 +0000")]
    [InlineData("Sun, 22 Nov 2026 7:18:26 +0000")]
    [InlineData("Sun, 22 Nov 2026 24:00:00 +0000")]
    [InlineData("Sun, 22 Nov 2026 17:60:00 +0000")]
    [InlineData("Sun, 22 Nov 2026 17:18:60 +0000")]
    [InlineData("Sun, 22 Nov 26 17:18:26 +0000")]
    [InlineData("Sun, 22 Nov 1969 17:18:26 +0000")]
    [InlineData("Sun, 22 Nov 9999 17:18:26 +0000")]
    [InlineData("Sun, 22 Nov 20266 17:18:26 +0000")]
    [InlineData("Sun, 00 Nov 2026 17:18:26 +0000")]
    [InlineData("Sun, 31 Nov 2026 17:18:26 +0000")]
    [InlineData("Sun, 29 Feb 2026 17:18:26 +0000")]
    [InlineData("Sun, 022 Nov 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 No 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 Novem 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 . 2026 17:18:26 +0000")]
    [InlineData("dom, 22 ene 2026 17:18:26 +0000")]
    [InlineData("So, 22 Okt 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 13 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 0 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 11x 2026 17:18:26 +0000")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 CET")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 0000")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 +00")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 +0060")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 +1401")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 -1500")]
    [InlineData("Sun, 22 Nov 2026 17:18:26 +00.00")]
    [InlineData("Sun, 22 Nov -026 17:18:26 +0000")]
    [InlineData("Sun, \u0662\u0662 Nov 2026 17:18:26 +0000")]
    [InlineData("2026-11-22T17:18:26Z")]
    [InlineData("1795367906")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(DuoDate.TryParse(text, out DateTimeOffset date));
        Assert.Equal(default, date);
    }

    [Fact]
    public void It_has_a_greatest_length() =>
        Assert.False(DuoDate.TryParse(new string('x', 80) + ", 22 Nov 2026 17:18:26 +0000", out _));

    [Theory]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(-300, true)]
    [InlineData(301, false)]
    [InlineData(-301, false)]
    [InlineData(86400, false)]
    public void Five_minutes_are_allowed_either_way(int seconds, bool within) =>
        Assert.Equal(within, DuoDate.IsWithin(Instant.AddSeconds(seconds), Instant, DuoDate.Window));
}
