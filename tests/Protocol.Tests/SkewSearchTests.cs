using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_a_passcode_from_another_time
{
    private const int Radius = 1499;

    private static readonly Gen<byte[]> Keys = Gen.Byte.Array[1, 100];

    // Everyday steps, steps around zero, around 32 bits (where the upper half of the counter changes), and any.
    private static readonly Gen<long> Centres = Gen.OneOf(
        Gen.Long[30_000_000, 70_000_000],
        Gen.Long[-2000, 2000],
        Gen.Long[uint.MaxValue - 2000L, uint.MaxValue + 2000L],
        Gen.Long);

    [Fact]
    public void Every_step_is_found_as_the_frameworks_HMAC_finds_it() =>
        Gen.Select(Keys, Centres, Gen.Int[0, 70]).Sample(
            (key, centre, radius) =>
            {
                using OtpSecret secret = OtpSecret.FromBytes(key);
                TimeStep now = new(centre);
                for (int distance = -radius - 1; distance <= radius + 1; distance++)
                {
                    uint passcode = Framework.Passcode(key, unchecked(centre + distance));
                    Assert.Equal(Scalar(key, passcode, now, radius), SkewSearch.Nearest(secret, passcode, now, radius));
                }
            },
            iter: 40,
            threads: 1);

    [Fact]
    public void Every_distance_that_google_authenticator_searches_is_found() =>
        Gen.Select(Keys, Centres, Gen.Int[-Radius, Radius]).Sample(
            (key, centre, distance) =>
            {
                using OtpSecret secret = OtpSecret.FromBytes(key);
                TimeStep now = new(centre);
                uint passcode = Framework.Passcode(key, unchecked(centre + distance));
                Assert.Equal(Scalar(key, passcode, now, Radius), SkewSearch.Nearest(secret, passcode, now, Radius));
            },
            iter: 100,
            threads: 1);

    [Theory]
    [InlineData(-1000, "646042")]
    [InlineData(-700, "137589")]
    [InlineData(-100, "573969")]
    [InlineData(10, "188951")]
    public void Distances_seen_at_google_authenticator_are_found(int distance, string passcode)
    {
        Assert.True(OtpSecret.TryParse("JBSWY3DPEHPK3PXP"u8, out OtpSecret? secret));
        using (secret)
        {
            Assert.Equal(distance, SkewSearch.Nearest(secret, uint.Parse(passcode, null), new(33333333), Radius));
        }
    }

    [Fact]
    public void Of_two_steps_at_one_distance_the_earlier_is_found()
    {
        using OtpSecret secret = OtpSecret.FromBytes("12345678901234567890"u8);

        // A centre with the same passcode before and after it: the first repetition at an even distance.
        Dictionary<uint, long> seen = [];
        long later = 0;
        for (; ; later++)
        {
            uint passcode = Hotp.Compute(secret, later);
            if (!seen.TryAdd(passcode, later) && (later - seen[passcode]) % 2 == 0)
            {
                break;
            }
        }

        long earlier = seen[Hotp.Compute(secret, later)];
        int distance = (int)((later - earlier) / 2);

        Assert.Equal(-distance, SkewSearch.Nearest(secret, Hotp.Compute(secret, later), new(earlier + distance), distance));
    }

    [Fact]
    public void A_number_of_more_than_six_digits_is_found_nowhere()
    {
        using OtpSecret secret = OtpSecret.FromBytes("12345678901234567890"u8);

        Assert.Null(SkewSearch.Nearest(secret, 1_000_000, new(33333333), Radius));
        Assert.Null(SkewSearch.Nearest(secret, uint.MaxValue, new(33333333), Radius));
    }

    [Fact]
    public void A_negative_radius_is_refused()
    {
        using OtpSecret secret = OtpSecret.FromBytes("1"u8);

        Assert.Throws<ArgumentOutOfRangeException>(() => SkewSearch.Nearest(secret, 0, default, -1));
    }

    private static int? Scalar(byte[] key, uint passcode, TimeStep now, int radius)
    {
        for (int distance = 0; distance <= radius; distance++)
        {
            if (Framework.Passcode(key, unchecked(now.Value - distance)) == passcode)
            {
                return -distance;
            }

            if (Framework.Passcode(key, unchecked(now.Value + distance)) == passcode)
            {
                return distance;
            }
        }

        return null;
    }
}
