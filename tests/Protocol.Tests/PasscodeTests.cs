using System.Text;
using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_a_typed_passcode
{
    [Theory]
    [InlineData("000000", 0, 6)]
    [InlineData("003286", 3286, 6)]
    [InlineData("0003286", 3286, 7)]
    [InlineData("12345678", 12345678, 8)]
    [InlineData("999999999", 999999999, 9)]
    public void Its_digits_and_leading_zeros_are_kept(string text, uint number, int digits)
    {
        Assert.True(Passcode.TryParse(text, out Passcode passcode));
        Assert.True(Passcode.TryParse(Encoding.ASCII.GetBytes(text), out Passcode fromBytes));
        Assert.Equal((number, digits), (passcode.Number, passcode.Digits));
        Assert.True(passcode.Matches(fromBytes));
        Assert.True(passcode.Matches(Passcode.FromNumber(number, digits)));
        Assert.Equal(text, passcode.Expose());
        Assert.Equal("[passcode]", $"{passcode}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("1234567890")]
    [InlineData("+05924")]
    [InlineData("-05924")]
    [InlineData(" 05924")]
    [InlineData("05924 ")]
    [InlineData("005 924")]
    [InlineData("005924\n")]
    [InlineData("00592a")]
    [InlineData("٠٠٥٩٢٤")]
    [InlineData("１２３４５６")]
    public void Anything_else_is_none(string text)
    {
        Assert.False(Passcode.TryParse(text, out Passcode passcode));
        Assert.False(Passcode.TryParse(Encoding.UTF8.GetBytes(text), out _));
        Assert.Equal(0, passcode.Digits);
    }

    [Fact]
    public void No_text_is_none()
    {
        Assert.False(Passcode.TryParse((string?)null, out _));
        Assert.False(Passcode.TryParse(default(ReadOnlySpan<byte>), out _));
    }

    [Fact]
    public void It_matches_the_same_digits_only() =>
        Gen.Select(Gen.UInt[0, 999_999], Gen.Int[6, 9], Gen.UInt[0, 999_999], Gen.Int[6, 9]).Sample(
            (number, digits, otherNumber, otherDigits) => Assert.Equal(
                number == otherNumber && digits == otherDigits,
                Passcode.FromNumber(number, digits).Matches(Passcode.FromNumber(otherNumber, otherDigits))));

    [Fact]
    public void The_same_number_with_another_count_of_digits_does_not_match() =>
        Assert.False(Passcode.FromNumber(3286, 6).Matches(Passcode.FromNumber(3286, 7)));

    [Fact]
    public void The_default_value_matches_nothing_not_even_itself()
    {
        Passcode none = default;

        Assert.False(none.Matches(none));
        Assert.False(none.Matches(Passcode.FromNumber(0, 6)));
        Assert.False(Passcode.FromNumber(0, 6).Matches(none));
    }

    [Theory]
    [InlineData(1_000_000, 6)]
    [InlineData(1_000_000_000, 9)]
    [InlineData(0, 5)]
    [InlineData(0, 10)]
    public void A_number_that_does_not_fit_is_refused(uint number, int digits) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Passcode.FromNumber(number, digits));

    [Fact]
    public void There_is_no_equality_operator() =>
        Assert.DoesNotContain(typeof(Passcode).GetMethods(), method => method.Name == "op_Equality");
}
