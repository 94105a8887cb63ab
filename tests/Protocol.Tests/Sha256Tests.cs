using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_sha256
{
    /// <summary>The examples that NIST publishes with FIPS 180-4, and the empty message.</summary>
    [Theory]
    [InlineData("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData(
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    [InlineData(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1,
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1")]
    [InlineData("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")]
    public void It_gives_the_digests_of_the_standard(string text, int times, string digest)
    {
        byte[] message = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, times)));

        Assert.Equal(digest, Convert.ToHexStringLower(Hash(message)));
    }

    /// <summary>Every length around the ends of the first blocks, where the padding changes its form.</summary>
    [Fact]
    public void It_agrees_with_the_framework_at_every_length()
    {
        byte[] message = [.. Enumerable.Range(0, 400).Select(i => (byte)(i % 251))];

        Assert.All(Enumerable.Range(0, message.Length + 1), length =>
            Assert.Equal(SHA256.HashData(message.AsSpan(0, length)), Hash(message.AsSpan(0, length))));
    }

    [Fact]
    public void A_digest_without_room_is_refused() =>
        Assert.Throws<ArgumentException>(() => Sha256.Hash([], new byte[Sha256.DigestBytes - 1]));

    private static byte[] Hash(ReadOnlySpan<byte> message)
    {
        byte[] digest = new byte[Sha256.DigestBytes];
        Sha256.Hash(message, digest);
        return digest;
    }
}
