using System.Text;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_an_Authorization_header
{
    private static readonly string Mac = string.Concat(Enumerable.Repeat("0123456789abcdef", 8));

    [Theory]
    [InlineData(40)]
    [InlineData(128)]
    public void A_whole_one_is_read(int digits)
    {
        string header = DuoAuthorization.Format(DuoRequests.IntegrationKey, Mac[..digits]);

        Assert.True(DuoAuthorization.TryParse(header, out DuoAuthorization? read));
        Assert.Equal(DuoRequests.IntegrationKey, read.IntegrationKey);
        Assert.Equal(Mac[..digits], Encoding.ASCII.GetString(read.HexMac));
        Assert.Equal("[authorization]", read.ToString());
        Assert.True(DuoAuthorization.TryParse("bAsIc" + header[5..], out _));
    }

    public static TheoryData<string> Wrong =>
    [
        null!,
        "",
        "Basic",
        "Basic ",
        "Bearer " + Encoded(Key(40)),
        "Basic" + Encoded(Key(40)),
        "Basic  " + Encoded(Key(40)),
        "Basic " + Encoded(Key(40)) + " ",
        "Basic " + Encoded(Key(40)).Insert(8, " "),
        "Basic " + Encoded(Key(40)).Insert(8, "\n"),
        "Basic " + Encoded(Key(128)).TrimEnd('='),
        "Basic " + Encoded(Key(40)) + "=",
        "Basic " + Encoded(Key(40)) + "====",
        "Basic " + LooseBits(Encoded(Key(128))),
        "Basic " + Encoded(Key(40)).Replace('R', '*'),
        "Basic " + Encoded(Key(39)),
        "Basic " + Encoded(Key(41)),
        "Basic " + Encoded(Key(64)),
        "Basic " + Encoded(Key(127)),
        "Basic " + Encoded(Key(40).Replace(':', 'A')),
        "Basic " + Encoded(Key(40).ToLowerInvariant()),
        "Basic " + Encoded(Key(40).Replace('a', 'A')),
        "Basic " + Encoded(Key(40).Replace('a', 'g')),
        "Basic " + Encoded(Key(40)[1..]),
        "Basic " + Encoded("D" + Key(40)),
        "Basic " + Encoded(Key(40).Replace("DI", "D-", StringComparison.Ordinal)),
        "Basic " + Encoded("\u00c9" + Key(40)[2..]),
        "Basic " + Encoded(Key(40)[..^1] + "\n"),
        "Basic " + new string('A', 600),
    ];

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Anything_else_is_refused(string? header)
    {
        Assert.False(DuoAuthorization.TryParse(header, out DuoAuthorization? read));
        Assert.Null(read);
    }

    [Fact]
    public void What_would_be_refused_is_not_written()
    {
        Assert.Throws<ArgumentException>(() => DuoAuthorization.Format("DI", Mac));
        Assert.Throws<ArgumentException>(() => DuoAuthorization.Format(DuoRequests.IntegrationKey, Mac[1..]));
    }

    private static string Key(int digits) => $"{DuoRequests.IntegrationKey}:{Mac[..digits]}";

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>The same bytes by another text: bits set that belong to no byte.</summary>
    private static string LooseBits(string base64)
    {
        int last = base64.TrimEnd('=').Length - 1;
        Assert.NotEqual(base64.Length - 1, last);
        string loose = base64[..last] + (char)(base64[last] + 1) + base64[(last + 1)..];
        Assert.Equal(Convert.FromBase64String(base64), Convert.FromBase64String(loose));
        return loose;
    }
}
