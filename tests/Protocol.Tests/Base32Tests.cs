using System.Text;
using System.Text.Json;
using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_the_vectors_of_RFC_4648
{
    [Fact]
    public void They_are_encoded_and_decoded_without_their_padding()
    {
        JsonElement[] rows = [.. Vectors.Read("base32-rfc4648.json").GetProperty("values").EnumerateArray()];

        Assert.Equal(7, rows.Length);
        Assert.All(rows, row =>
        {
            byte[] bytes = Encoding.ASCII.GetBytes(row.GetProperty("text").GetString()!);
            string base32 = row.GetProperty("base32").GetString()!.TrimEnd('=');

            Assert.Equal(base32, Base32.Encode(bytes));
            Assert.True(Base32.TryDecode(base32, out byte[]? decoded));
            Assert.Equal(bytes, decoded);
        });
    }
}

public sealed class Given_text_to_decode_strictly
{
    [Theory]
    [InlineData("MY======")] // padding
    [InlineData("my")]
    [InlineData("M Y")]
    [InlineData("MY\n")]
    [InlineData("M0")]
    [InlineData("M1")]
    [InlineData("M8")]
    [InlineData("MÝ")]
    [InlineData("M")] // lengths that no encoder produces
    [InlineData("MZX")]
    [InlineData("MZXW6Y")]
    [InlineData("MZ")] // a bit left over is set
    [InlineData("MZXW6YR")]
    public void It_is_refused(string text)
    {
        Assert.False(Base32.TryDecode(text, out byte[]? bytes));
        Assert.Null(bytes);
    }

    [Fact]
    public void What_is_encoded_decodes_to_itself_in_both_dialects() =>
        Gen.Byte.Array[1, 200].Sample(bytes =>
        {
            string text = Base32.Encode(bytes);

            Assert.True(Base32.TryDecode(text, out byte[]? decoded));
            Assert.Equal(bytes, decoded);
            Assert.True(OtpSecret.TryParse(Encoding.ASCII.GetBytes(text.ToLowerInvariant()), out OtpSecret? secret));
            Assert.Equal(bytes, secret.Expose().ToArray());
            secret.Dispose();
        });

    [Fact]
    public void What_decodes_is_the_only_text_of_its_value() =>
        Gen.Char["ABYZ2347 a="].Array[0, 20].Sample(characters =>
        {
            if (Base32.TryDecode(characters, out byte[]? bytes))
            {
                Assert.Equal(new string(characters), Base32.Encode(bytes));
            }
        });
}
