using System.Text.Json;
using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_the_vectors_of_RFC_4226
{
    private static readonly JsonElement Vector = Vectors.Read("hotp-rfc4226.json");

    [Fact]
    public void Every_passcode_is_computed()
    {
        using OtpSecret secret = Vector.GetProperty("secret").HexSecret();
        JsonElement[] rows = [.. Vector.GetProperty("passcodes").EnumerateArray()];

        Assert.Equal(10, rows.Length);
        Assert.All(rows, row => Assert.Equal(
            row.GetProperty("passcode").Number(),
            Hotp.Compute(secret, row.GetProperty("counter").GetInt64())));
    }

    [Fact]
    public void Every_passcode_is_found_at_its_counter()
    {
        using OtpSecret secret = Vector.GetProperty("secret").HexSecret();

        Assert.All(Vector.GetProperty("passcodes").EnumerateArray(), row => Assert.Equal(
            row.GetProperty("counter").GetInt64(),
            Hotp.Match(secret, row.GetProperty("passcode").Number(), 0, 10)));
    }
}

public sealed class Given_any_key_and_counter
{
    [Fact]
    public void The_passcode_is_that_of_the_frameworks_HMAC()
    {
        Gen<OtpAlgorithm> algorithms = Gen.OneOf(OtpAlgorithm.Sha1, OtpAlgorithm.Sha256, OtpAlgorithm.Sha512);
        Gen.Select(Gen.Byte.Array[1, 200], Gen.Long, Gen.Int[6, 8], algorithms).Sample(
            (key, counter, digits, algorithm) =>
            {
                using OtpSecret secret = OtpSecret.FromBytes(key);
                Assert.Equal(
                    Framework.Passcode(key, counter, digits, algorithm),
                    Hotp.Compute(secret, counter, digits, algorithm));
            },
            iter: 5000,
            threads: 1);
    }

    [Theory]
    [InlineData(63)]
    [InlineData(64)] // the block of SHA-1: a longer key is hashed first
    [InlineData(65)]
    [InlineData(128)]
    [InlineData(129)]
    public void Keys_around_the_size_of_a_block_are_no_exception(int length)
    {
        byte[] key = [.. Enumerable.Range(1, length).Select(i => (byte)i)];
        using OtpSecret secret = OtpSecret.FromBytes(key);

        Assert.All(
            Enum.GetValues<OtpAlgorithm>().Where(algorithm => algorithm is not OtpAlgorithm.Unspecified),
            algorithm => Assert.Equal(Framework.Passcode(key, 7, 8, algorithm), Hotp.Compute(secret, 7, 8, algorithm)));
        Assert.Equal(3, SkewSearch.Nearest(secret, Framework.Passcode(key, 33333336), new(33333333), 3));
    }
}

public sealed class Given_a_HOTP_secret : IDisposable
{
    private readonly OtpSecret _secret = OtpSecret.FromBytes("12345678901234567890"u8);

    public void Dispose() => _secret.Dispose();

    [Fact]
    public void The_window_begins_at_the_counter_and_has_as_many_counters_as_it_says()
    {
        uint fifth = Hotp.Compute(_secret, 5);

        Assert.Null(Hotp.Match(_secret, fifth, counter: 1, window: 4));
        Assert.Equal(5, Hotp.Match(_secret, fifth, counter: 1, window: 5));
        Assert.Equal(5, Hotp.Match(_secret, fifth, counter: 5, window: 1));
        Assert.Null(Hotp.Match(_secret, fifth, counter: 6, window: 100));
    }

    [Fact]
    public void The_first_of_two_counters_with_one_passcode_is_found()
    {
        // The first pair of equal passcodes from counter 0 on, found by trying.
        Dictionary<uint, long> seen = [];
        long second = 0;
        while (seen.TryAdd(Hotp.Compute(_secret, second), second))
        {
            second++;
        }

        uint passcode = Hotp.Compute(_secret, second);
        long first = seen[passcode];

        Assert.True(first < second);
        Assert.Equal(first, Hotp.Match(_secret, passcode, first, (int)(second - first) + 1));
        Assert.Equal(second, Hotp.Match(_secret, passcode, first + 1, (int)(second - first)));
    }

    [Fact]
    public void The_last_counter_never_matches_because_none_comes_after_it()
    {
        Assert.Null(Hotp.Match(_secret, Hotp.Compute(_secret, long.MaxValue), long.MaxValue, 3));
        Assert.Equal(
            long.MaxValue - 1,
            Hotp.Match(_secret, Hotp.Compute(_secret, long.MaxValue - 1), long.MaxValue - 2, 100));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Fewer_digits_are_the_end_of_more(int digits)
    {
        uint modulus = (uint)Math.Pow(10, digits);

        Assert.Equal(84755224u % modulus, Hotp.Compute(_secret, 0, digits)); // RFC 4226 appendix D: 1284755224
        Assert.Equal(0, Hotp.Match(_secret, 84755224u % modulus, 0, 1, digits));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(0)]
    [InlineData(-6)]
    public void Other_digits_are_refused(int digits)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Hotp.Compute(_secret, 0, digits));
        Assert.Throws<ArgumentOutOfRangeException>(() => Hotp.Match(_secret, 0, 0, 1, digits));
    }

    [Theory]
    [InlineData(OtpAlgorithm.Unspecified)]
    [InlineData((OtpAlgorithm)4)]
    public void No_algorithm_is_refused(OtpAlgorithm algorithm) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Hotp.Compute(_secret, 0, 6, algorithm));

    [Fact]
    public void An_empty_window_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Hotp.Match(_secret, 0, 0, 0));
}
