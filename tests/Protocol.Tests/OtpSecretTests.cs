using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_an_OTP_secret
{
    [Fact]
    public void It_is_a_copy_that_prints_nothing()
    {
        byte[] key = [1, 2, 3];
        using OtpSecret secret = OtpSecret.FromBytes(key);
        key[0] = 9;

        Assert.Equal([1, 2, 3], secret.Expose().ToArray());
        Assert.Equal("[otp secret]", $"{secret}");
    }

    [Fact]
    public void Two_with_the_same_bytes_are_not_equal()
    {
        using OtpSecret one = OtpSecret.FromBytes([1]);
        using OtpSecret other = OtpSecret.FromBytes([1]);

        Assert.False(one.Equals(other));
        Assert.DoesNotContain(typeof(OtpSecret).GetMethods(), method => method.Name == "op_Equality");
    }

    [Fact]
    public void Disposing_wipes_it_and_ends_its_use()
    {
        OtpSecret secret = OtpSecret.FromBytes([1, 2, 3]);
        ReadOnlySpan<byte> exposed = secret.Expose();
        secret.Dispose();

        Assert.Equal([0, 0, 0], exposed.ToArray());
        Assert.Throws<ObjectDisposedException>(() => { _ = secret.Expose(); });
        Assert.Throws<ObjectDisposedException>(() => Hotp.Compute(secret, 0));
        Assert.Throws<ObjectDisposedException>(() => SkewSearch.Nearest(secret, 0, default, 0));
    }

    [Fact]
    public void None_is_empty()
    {
        Assert.Throws<ArgumentException>(() => OtpSecret.FromBytes([]));
        Assert.False(OtpSecret.TryParse([], out _));
        Assert.False(OtpSecret.TryParse(" - \r\n\t"u8, out _));
    }

    [Fact]
    public void No_bytes_make_the_lenient_decoder_throw_and_one_strange_byte_refuses_the_rest() =>
        Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            bool known = bytes.All(b => char.IsAsciiLetterOrDigit((char)b) && b != '9' || b is 32 or 9 or 13 or 10 or 45);
            int digits = bytes.Count(b => char.IsAsciiLetterOrDigit((char)b));

            Assert.Equal(known && digits >= 2, OtpSecret.TryParse(bytes, out OtpSecret? secret));
            secret?.Dispose();
        });
}
