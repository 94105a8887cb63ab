using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_a_key_URI_to_build : IDisposable
{
    private readonly OtpSecret _secret = OtpSecret.FromBytes("Hello!\xDE\xAD"u8);

    private static string Secret => "JBSWY3DPEHBZ5QVN";

    public void Dispose() => _secret.Dispose();

    [Fact]
    public void Defaults_are_left_out() => Assert.Equal(
        $"otpauth://totp/ada?secret={Secret}",
        new KeyUri(OtpMode.Totp, _secret, "ada").Expose());

    [Fact]
    public void The_issuer_stands_in_the_label_too_and_all_but_unreserved_characters_are_escaped() => Assert.Equal(
        $"otpauth://totp/ACME%20Co%20%26%20S%C3%B6hne:ada%40host%2Fx%23y%3F%2B~_.-?secret={Secret}&issuer=ACME%20Co%20%26%20S%C3%B6hne",
        new KeyUri(OtpMode.Totp, _secret, "ada@host/x#y?+~_.-", "ACME Co & Söhne").Expose());

    [Fact]
    public void What_differs_from_the_default_is_named() => Assert.Equal(
        $"otpauth://totp/ada?secret={Secret}&algorithm=SHA256&digits=8&period=60",
        new KeyUri(OtpMode.Totp, _secret, "ada", null, OtpAlgorithm.Sha256, 8, 60).Expose());

    [Fact]
    public void A_counter_is_always_named() => Assert.Equal(
        $"otpauth://hotp/ada?secret={Secret}&counter=1",
        new KeyUri(OtpMode.Hotp, _secret, "ada").Expose());

    [Fact]
    public void It_prints_nothing() => Assert.Equal("[key uri]", $"{new KeyUri(OtpMode.Totp, _secret, "ada")}");

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" ada")]
    [InlineData("ada ")]
    [InlineData("a:b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\ud800")]
    public void A_name_that_the_format_cannot_carry_is_refused(string name)
    {
        Assert.False(KeyUri.IsName(name));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Totp, _secret, name));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Totp, _secret, "ada", name));
    }

    [Fact]
    public void A_value_out_of_range_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.None, _secret, "ada"));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Totp, _secret, "ada", null, OtpAlgorithm.Unspecified));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Totp, _secret, "ada", digits: 5));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Totp, _secret, "ada", digits: 9));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Totp, _secret, "ada", periodSeconds: 0));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Hotp, _secret, "ada", periodSeconds: 60));
        Assert.Throws<ArgumentException>(() => new KeyUri(OtpMode.Hotp, _secret, "ada", counter: -1));
    }
}

public sealed class Given_a_key_URI_to_parse
{
    private static readonly Gen<string> Names = Gen.Char[" aZ09-._~!$&'()*+,;=@/?#%<>\"äß\u20ac"]
        .Array[1, 12]
        .Select(characters => new string(characters).Trim())
        .Where(KeyUri.IsName);

    [Fact]
    public void What_is_built_is_read_back()
    {
        Gen<OtpAlgorithm> algorithms = Gen.OneOf(OtpAlgorithm.Sha1, OtpAlgorithm.Sha256, OtpAlgorithm.Sha512);
        Gen.Select(Gen.Bool, Gen.Byte.Array[1, 64], Names, Names.Null(), algorithms, Gen.Int[6, 8], Gen.Int[1, 90], Gen.Long[0, long.MaxValue])
            .Sample((clock, key, account, issuer, algorithm, digits, period, counter) =>
            {
                using OtpSecret secret = OtpSecret.FromBytes(key);
                KeyUri built = new(
                    clock ? OtpMode.Totp : OtpMode.Hotp,
                    secret,
                    account,
                    issuer,
                    algorithm,
                    digits,
                    clock ? period : KeyUri.DefaultPeriodSeconds,
                    clock ? 1 : counter);

                Assert.True(KeyUri.TryParse(built.Expose(), out KeyUri? read));
                using OtpSecret readSecret = read.Secret;
                Assert.Equal(key, readSecret.Expose().ToArray());
                Assert.Equal(
                    (built.Mode, built.Account, built.Issuer, built.Algorithm, built.Digits, built.PeriodSeconds, built.Counter),
                    (read.Mode, read.Account, read.Issuer, read.Algorithm, read.Digits, read.PeriodSeconds, read.Counter));
                Assert.Matches("^otpauth://[th]otp/[A-Za-z0-9._~%-]+(:[A-Za-z0-9._~%-]+)?[?][A-Za-z0-9._~%&=-]+$", built.Expose());
            });
    }

    [Theory]
    [InlineData("otpauth://totp/ACME%20Co:john.doe@email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30", "ACME Co", "john.doe@email.com")]
    [InlineData("otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example", "Example", "alice@google.com")]
    [InlineData("otpauth://totp/Provider1%3A%20Alice%20Smith?secret=JBSWY3DPEHPK3PXP", "Provider1", "Alice Smith")]
    [InlineData("otpauth://totp/alice?issuer=Example&secret=JBSWY3DPEHPK3PXP", "Example", "alice")]
    [InlineData("otpauth://totp/a+b?secret=JBSWY3DPEHPK3PXP", null, "a+b")]
    public void Labels_and_parameters_are_read(string text, string? issuer, string account)
    {
        Assert.True(KeyUri.TryParse(text, out KeyUri? uri));
        Assert.Equal((OtpMode.Totp, issuer, account), (uri.Mode, uri.Issuer, uri.Account));
        uri.Secret.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("otpauth://")]
    [InlineData("OTPAUTH://totp/a?secret=MY")]
    [InlineData("otpauth://motp/a?secret=MY")]
    [InlineData("otpauth://totp?secret=MY")]
    [InlineData("otpauth://totp/?secret=MY")]
    [InlineData("otpauth://totp/a")]
    [InlineData("otpauth://totp/a?")]
    [InlineData("otpauth://totp/a?issuer=b")]
    [InlineData("otpauth://totp/a?secret=")]
    [InlineData("otpauth://totp/a?secret=my")]
    [InlineData("otpauth://totp/a?secret=MY======")]
    [InlineData("otpauth://totp/a?secret=MY&")]
    [InlineData("otpauth://totp/a?secret=MY&secret=MY")]
    [InlineData("otpauth://totp/a?secret=MY&image=x")]
    [InlineData("otpauth://totp/a?secret=MY&issuer")]
    [InlineData("otpauth://totp/a?secret=MY&issuer=")]
    [InlineData("otpauth://totp/a?secret=MY&issuer=b+c")]
    [InlineData("otpauth://totp/a?secret=MY#x")]
    [InlineData("otpauth://totp/a b?secret=MY")]
    [InlineData("otpauth://totp/a/b?secret=MY")]
    [InlineData("otpauth://totp/a%?secret=MY")]
    [InlineData("otpauth://totp/a%2?secret=MY")]
    [InlineData("otpauth://totp/a%zz?secret=MY")]
    [InlineData("otpauth://totp/a%00?secret=MY")]
    [InlineData("otpauth://totp/a%ff?secret=MY")]
    [InlineData("otpauth://totp/b:a?secret=MY&issuer=c")]
    [InlineData("otpauth://totp/b:a:c?secret=MY")]
    [InlineData("otpauth://totp/:a?secret=MY")]
    [InlineData("otpauth://totp/b:?secret=MY")]
    [InlineData("otpauth://totp/a?secret=MY&algorithm=sha1")]
    [InlineData("otpauth://totp/a?secret=MY&algorithm=MD5")]
    [InlineData("otpauth://totp/a?secret=MY&algorithm=")]
    [InlineData("otpauth://totp/a?secret=MY&digits=5")]
    [InlineData("otpauth://totp/a?secret=MY&digits=9")]
    [InlineData("otpauth://totp/a?secret=MY&digits=+6")]
    [InlineData("otpauth://totp/a?secret=MY&period=0")]
    [InlineData("otpauth://totp/a?secret=MY&period=2147483648")]
    [InlineData("otpauth://totp/a?secret=MY&counter=1")]
    [InlineData("otpauth://hotp/a?secret=MY")]
    [InlineData("otpauth://hotp/a?secret=MY&counter=-1")]
    [InlineData("otpauth://hotp/a?secret=MY&counter=9223372036854775808")]
    [InlineData("otpauth://hotp/a?secret=MY&counter=1&period=30")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(KeyUri.TryParse(text, out KeyUri? uri));
        Assert.Null(uri);
    }

    [Fact]
    public void No_text_makes_it_throw()
    {
        Gen<string> piece = Gen.OneOf(
            Gen.OneOf("otpauth://", "totp/", "hotp/", "?", "&", "=", ":", "%", "%3A", "%20", "%C3", "secret=", "MY", "issuer=", "digits=6", "counter=1"),
            Gen.Char.Array[0, 3].Select(characters => new string(characters)));
        piece.Array[0, 12].Select(pieces => "otpauth://totp/" + string.Concat(pieces)).Sample(
            text =>
            {
                if (KeyUri.TryParse(text, out KeyUri? uri))
                {
                    Assert.True(KeyUri.TryParse(uri.Expose(), out KeyUri? again));
                    Assert.Equal(uri.Expose(), again.Expose());
                }
            },
            iter: 20_000,
            threads: 1);
    }
}
