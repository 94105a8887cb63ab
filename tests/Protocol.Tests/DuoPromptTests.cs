using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_what_was_typed_at_the_prompt
{
    [Theory]
    [InlineData("123456", "123456")]
    [InlineData("000000", "000000")]
    [InlineData("123456789", "123456789")]
    [InlineData(" 123456\t", "123456")]
    [InlineData("123 456", "123456")]
    [InlineData("1234-5678-9012-3456", "1234567890123456")]
    [InlineData("123456789012345678901234", "123456789012345678901234")]
    public void Digits_are_a_code(string text, string digits)
    {
        var code = Assert.IsType<DuoPrompt.Code>(DuoPrompt.Parse(text));

        Assert.Equal(digits, code.Digits);
        Assert.Equal(digits.Length <= 9, code.TryGetPasscode(out Passcode passcode));
        Assert.Equal(digits.Length <= 9 ? digits.Length : 0, passcode.Digits);
        Assert.Equal("[code]", code.ToString());
        Assert.DoesNotContain(digits, $"{(object)code}", StringComparison.Ordinal);
    }

    public static TheoryData<string, DuoPrompt> Words => new()
    {
        { "push", new DuoPrompt.Push(1) },
        { "PUSH", new DuoPrompt.Push(1) },
        { "push2", new DuoPrompt.Push(2) },
        { " push1 ", new DuoPrompt.Push(1) },
        { "verified_push", new DuoPrompt.Push(1) },
        { "verified_push3", new DuoPrompt.Push(3) },
        { "phone", new DuoPrompt.Phone(1) },
        { "phone12", new DuoPrompt.Phone(12) },
        { "voice1", new DuoPrompt.Phone(1) },
        { "sms", new DuoPrompt.Sms(1) },
        { "Sms2", new DuoPrompt.Sms(2) },
        { "smsrefresh1", new DuoPrompt.Sms(1) },
        { "auto", new DuoPrompt.Auto() },
        { "1", new DuoPrompt.MenuLine(1) },
        { "99", new DuoPrompt.MenuLine(99) },
        { "ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded", new DuoPrompt.YubiKey() },
        { "CCCCCCBCGUJHINGJRDEJHGFNUETRGIGVEJHHGBKUGDED", new DuoPrompt.YubiKey() },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void Words_are_factors(string text, DuoPrompt prompt) => Assert.Equal(prompt, DuoPrompt.Parse(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("123456\n")]
    [InlineData("\r123456")]
    [InlineData("123456\0")]
    [InlineData("0")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("100")]
    [InlineData("12345")]
    [InlineData("1234567890123456789012345")]
    [InlineData("+123456")]
    [InlineData("-123456")]
    [InlineData("123456-")]
    [InlineData("123--456")]
    [InlineData("123  456")]
    [InlineData("123456a")]
    [InlineData("1 2")]
    [InlineData("\u0661\u0662\u0663\u0664\u0665\u0666")]
    [InlineData("push0")]
    [InlineData("push01")]
    [InlineData("push100")]
    [InlineData("push1a")]
    [InlineData("push 1")]
    [InlineData("push99999999999999999999")]
    [InlineData("pushy")]
    [InlineData("auto1")]
    [InlineData("deny")]
    [InlineData("ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugde")]
    [InlineData("accccccbcgujhingjrdejhgfnuetrgigvejhhgbkugde")]
    [InlineData("pu\u017fh")]
    public void Anything_else_is_wrong(string? text) => Assert.IsType<DuoPrompt.Wrong>(DuoPrompt.Parse(text));

    [Fact]
    public void So_is_what_is_too_long()
    {
        Assert.IsType<DuoPrompt.Code>(DuoPrompt.Parse(new string(' ', 249) + "123456"));
        Assert.IsType<DuoPrompt.Wrong>(DuoPrompt.Parse(new string(' ', 250) + "123456"));
    }
}
