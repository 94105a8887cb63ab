using System.Text.Json;
using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_the_vectors_of_RFC_6238
{
    private static readonly JsonElement Vector = Vectors.Read("totp-rfc6238.json");

    [Theory]
    [InlineData(OtpAlgorithm.Sha1)]
    [InlineData(OtpAlgorithm.Sha256)]
    [InlineData(OtpAlgorithm.Sha512)]
    public void Every_passcode_is_computed_and_matches_in_its_step(OtpAlgorithm algorithm)
    {
        using OtpSecret secret = Vector.GetProperty("secrets").GetProperty(algorithm.ToString()).HexSecret();
        TimeSpan period = TimeSpan.FromSeconds(Vector.GetProperty("period").GetInt32());
        JsonElement[] rows =
            [.. Vector.GetProperty("passcodes").EnumerateArray().Where(row => row.GetProperty("algorithm").GetString() == algorithm.ToString())];

        Assert.Equal(6, rows.Length);
        Assert.All(rows, row =>
        {
            TimeStep step = TimeStep.At(DateTimeOffset.FromUnixTimeSeconds(row.GetProperty("unixSeconds").GetInt64()), period);
            uint passcode = row.GetProperty("passcode").Number();

            Assert.Equal(passcode, Totp.Compute(secret, step, 8, algorithm));
            Assert.Equal(step, Totp.Match(secret, passcode, step, 1, 1, 8, algorithm));
        });
    }
}

public sealed class Given_passcodes_seen_at_google_authenticator
{
    [Fact]
    public void Ours_are_the_same()
    {
        JsonElement vector = Vectors.Read("google-authenticator-passcodes.json");
        using OtpSecret secret = vector.GetProperty("secretBase32").Base32Secret();
        JsonElement[] rows = [.. vector.GetProperty("passcodes").EnumerateArray()];

        Assert.Equal(12, rows.Length);
        Assert.All(rows, row => Assert.Equal(
            row.GetProperty("passcode").Number(),
            Totp.Compute(secret, new(row.GetProperty("counter").GetInt64()))));
    }
}

public sealed class Given_a_TOTP_secret : IDisposable
{
    private static readonly TimeStep Centre = new(33333333);

    // Everyday steps, steps around zero, around 32 bits (where the upper half of the counter changes), and any.
    private static readonly Gen<long> Centres = Gen.OneOf(
        Gen.Long[30_000_000, 70_000_000],
        Gen.Long[-30, 30],
        Gen.Long[uint.MaxValue - 30L, uint.MaxValue + 30L],
        Gen.Long);

    private static readonly byte[] Key = "12345678901234567890"u8.ToArray();

    private readonly OtpSecret _secret = OtpSecret.FromBytes(Key);

    public void Dispose() => _secret.Dispose();

    public static TheoryData<int> Windows => [.. Enumerable.Range(1, 17)];

    [Theory]
    [MemberData(nameof(Windows))]
    public void A_window_lies_around_the_step_as_google_authenticator_has_it(int window)
    {
        int back = (window - 1) / 2;
        int ahead = window / 2;
        for (int offset = -10; offset <= 10; offset++)
        {
            TimeStep step = new(Centre.Value + offset);
            uint passcode = Framework.Passcode(Key, step.Value);
            TimeStep? expected = offset >= -back && offset <= ahead ? step : null;

            Assert.Equal(expected, Totp.Match(_secret, passcode, Centre, back, ahead));
        }
    }

    [Theory]
    [InlineData(OtpAlgorithm.Sha256)]
    [InlineData(OtpAlgorithm.Sha512)]
    public void The_window_is_the_same_with_another_hash(OtpAlgorithm algorithm)
    {
        for (int offset = -4; offset <= 4; offset++)
        {
            TimeStep step = new(Centre.Value + offset);
            TimeStep? expected = offset is >= -1 and <= 2 ? step : null;

            Assert.Equal(
                expected,
                Totp.Match(_secret, Framework.Passcode(Key, step.Value, 8, algorithm), Centre, 1, 2, 8, algorithm));
        }
    }

    [Fact]
    public void Windows_match_as_the_computation_one_by_one_does() =>
        Gen.Select(Gen.Byte.Array[1, 100], Centres, Gen.Int[0, 20], Gen.Int[0, 20], Gen.Int[-25, 25]).Sample(
            (key, centre, back, ahead, offset) =>
            {
                using OtpSecret secret = OtpSecret.FromBytes(key);
                uint passcode = Framework.Passcode(key, unchecked(centre + offset));
                long? first = null;
                for (int i = -back; i <= ahead && first is null; i++)
                {
                    long step = unchecked(centre + i);
                    first = Framework.Passcode(key, step) == passcode ? step : null;
                }

                Assert.Equal(passcode, Totp.Compute(secret, new(unchecked(centre + offset))));
                Assert.Equal(first, Totp.Match(secret, passcode, new(centre), back, ahead)?.Value);
            },
            iter: 3000,
            threads: 1);

    [Fact]
    public void The_earliest_of_two_steps_with_one_passcode_is_found()
    {
        Dictionary<uint, long> seen = [];
        long second = Centre.Value;
        while (seen.TryAdd(Totp.Compute(_secret, new(second)), second))
        {
            second++;
        }

        uint passcode = Totp.Compute(_secret, new(second));
        int distance = (int)(second - seen[passcode]);

        Assert.Equal(new TimeStep(second - distance), Totp.Match(_secret, passcode, new(second), distance, 0));
    }

    [Fact]
    public void Steps_below_zero_are_computed_in_twos_complement()
    {
        TimeStep step = new(-1);

        Assert.Equal(step, Totp.Match(_secret, Totp.Compute(_secret, step), new(1), 3, 0));
        Assert.Equal(new TimeStep(long.MinValue), Totp.Match(_secret, Totp.Compute(_secret, new(long.MinValue)), new(long.MaxValue), 0, 1));
    }

    [Fact]
    public void A_negative_width_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Totp.Match(_secret, 0, Centre, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Totp.Match(_secret, 0, Centre, 1, -1));
    }
}

public sealed class Given_an_instant
{
    [Theory]
    [InlineData(0, 30, 0)]
    [InlineData(29, 30, 0)]
    [InlineData(30, 30, 1)]
    [InlineData(1_000_000_000, 30, 33_333_333)]
    [InlineData(1_000_000_000, 60, 16_666_666)]
    [InlineData(2_147_483_648, 1, 2_147_483_648)]
    [InlineData(-1, 30, -1)]
    [InlineData(-30, 30, -1)]
    [InlineData(-31, 30, -2)]
    public void Its_step_is_the_number_of_whole_periods(long seconds, int period, long step) =>
        Assert.Equal(step, TimeStep.At(DateTimeOffset.FromUnixTimeSeconds(seconds), TimeSpan.FromSeconds(period)).Value);

    [Fact]
    public void The_offset_from_UTC_makes_no_difference() =>
        Gen.Long[0, 4_000_000_000].Select(Gen.Int[-14, 14]).Sample((seconds, hours) =>
        {
            DateTimeOffset instant = DateTimeOffset.FromUnixTimeSeconds(seconds);
            TimeSpan period = TimeSpan.FromSeconds(30);

            Assert.Equal(TimeStep.At(instant, period), TimeStep.At(instant.ToOffset(TimeSpan.FromHours(hours)), period));
        });

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(-30_000)]
    public void A_period_below_a_second_is_refused(int milliseconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => TimeStep.At(DateTimeOffset.UnixEpoch, TimeSpan.FromMilliseconds(milliseconds)));
}
