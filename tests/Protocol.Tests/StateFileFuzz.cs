using System.Globalization;
using System.Text;
using CsCheck;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>
/// Texts made of the pieces that state files are made of, and of any bytes, with any sequence of edits: one minute in
/// one test. A failure names the seed that repeats it.
/// </summary>
public sealed class Given_a_fuzzer
{
    // ./dev fuzz asks for longer.
    private static readonly int Seconds =
        int.Parse(Environment.GetEnvironmentVariable("SALLYPORT_FUZZ_SECONDS") ?? "60", CultureInfo.InvariantCulture);
    private const string Marker = "#kept ";

    private static readonly string[] Names =
    [
        "TOTP_AUTH", "HOTP_COUNTER", "WINDOW_SIZE", "STEP_SIZE", "DISALLOW_REUSE", "RATE_LIMIT", "TIME_SKEW",
        "RESETTING_TIME_SKEW", "LAST0", "LAST9", "UNKNOWN",
    ];

    private static readonly Gen<string> Numbers = Gen.OneOf(
        Gen.OneOf("0", "1", "3", "-1", "+5", "12345678", "01234567", "4294967299", "18446744073709551616", "", "x"),
        Gen.Long.Select(number => $"{number}"),
        Gen.Int[10_000_000, 99_999_999].Select(number => $"{number}"));

    private static readonly Gen<string> Separators = Gen.OneOf(" ", "  ", "\t", "\v", "+", "-", ",", "x", "");

    private static readonly Gen<string> Values = Gen.Select(Numbers, Separators, Numbers, Separators, Numbers)
        .Select(parts => parts.Item1 + parts.Item2 + parts.Item3 + parts.Item4 + parts.Item5);

    private static readonly Gen<string> AnyBytes =
        Gen.Byte[1, 255].Array[0, 30].Select(Encoding.Latin1.GetString);

    private static readonly Gen<string> LineEnds = Gen.Frequency((20, "\n"), (4, "\r\n"), (2, "\n\n"), (1, "\r"), (1, "\n\r\n\n"));

    private static readonly Gen<string> Lines = Gen.Frequency(
        (8, Gen.Select(Gen.OneOf(Names), Separators, Values).Select(line => $"\" {line.Item1}{line.Item2}{line.Item3}")),
        (4, Numbers),
        (2, Gen.Int[0, 999].Select(number => $"{Marker}{number}\u00ff")),
        (1, Gen.OneOf("\" TOTP_AUTH", "\" DISALLOW_REUSE", "\" RESETTING_TIME_SKEW ", "\" LAST0 10.0.0.1 5", " ", "")),
        (1, AnyBytes));

    private static readonly Gen<string> Texts = Gen.Frequency(
        (9, Gen.Select(
                Gen.OneOf("JBSWY3DPEHPK3PXP", "jbsw y3dp-ehpk 3pxp", "A", "", "!", "\" TOTP_AUTH"),
                LineEnds,
                Gen.Select(Lines, LineEnds).Select(line => line.Item1 + line.Item2).Array[0, 12],
                Gen.OneOf("", "12345678", "\" HOTP_COUNTER 1"))
            .Select(parts => parts.Item1 + parts.Item2 + string.Concat(parts.Item3) + parts.Item4)),
        (1, AnyBytes));

    private static readonly Gen<long> Moments = Gen.Long[-(1L << 60), 1L << 60];

    private static readonly Gen<int> Skews = Gen.Int[-SkewSample.MaxSkew, SkewSample.MaxSkew];

    private static readonly Gen<Action<StateFile>> Edits = Gen.OneOf(
        Gen.Long[1, long.MaxValue].Select(counter => (Action<StateFile>)(file => file.SetHotpCounter(counter))),
        Moments.Array[0, 5].Select(steps => (Action<StateFile>)(file => file.SetUsedSteps(steps))),
        Gen.Select(Gen.Int[1, 100], Gen.Int[1, 3600], Moments.Array[0, 5])
            .Select(limit => (Action<StateFile>)(file => file.SetRateLimit(new(limit.Item1, limit.Item2, limit.Item3)))),
        Gen.Int.Select(skew => (Action<StateFile>)(file => file.SetTimeSkew(skew))),
        Gen.Select(Moments, Skews).Array[0, 3].Select(pairs => (Action<StateFile>)(file =>
            file.SetSkewSamples([.. pairs.Select(pair => new SkewSample(pair.Item1, pair.Item2))]))),
        Gen.Select(Gen.Int[0, 9], Gen.Long[0, long.MaxValue])
            .Select(row => (Action<StateFile>)(file => file.SetLastLogin(row.Item1, new("10.0.0.1", row.Item2)))),
        Gen.UInt[0, 100_000_000].Select(code => (Action<StateFile>)(file => file.TryUseRecoveryCode(code))),
        Gen.Const(12345678u).Select(code => (Action<StateFile>)(file => file.TryUseRecoveryCode(code))));

    [Fact]
    [Trait("Kind", "Fuzz")]
    public void Nothing_throws_and_what_was_not_edited_stays() => Gen.Select(Texts, Edits.Array[0, 6]).Sample(
        (text, edits) =>
        {
            byte[] bytes = Encoding.Latin1.GetBytes(text);
            if (StateFile.TryParse(bytes, out StateFile? file) is not StateFileProblem.None)
            {
                Assert.Empty(bytes);
                return;
            }

            using (file)
            {
                string[] kept = Kept(bytes);
                string secret = Secret(file!);
                foreach (Action<StateFile> edit in edits)
                {
                    edit(file!);
                    CheckReadsBack(file!);
                }

                Assert.Equal(kept, Kept(file!.ToBytes()));
                Assert.Equal(secret, Secret(file));
                Assert.True(file.Changed || file.ToBytes().SequenceEqual(bytes));
            }
        },
        time: Seconds,
        threads: 1,
        print: sample => $"{Convert.ToHexString(Encoding.Latin1.GetBytes(sample.Item1))} with {sample.Item2.Length} edits");

    [Fact]
    public void What_is_set_is_what_is_read() => Gen.Select(
            Texts.Where(text => text.Length > 0),
            Moments.Array[0, 5],
            Gen.Int,
            Gen.Select(Moments, Skews).Array[0, 3],
            Gen.Int[0, 9],
            Gen.Long[0, long.MaxValue])
        .Sample((text, steps, skew, pairs, index, seconds) =>
        {
            Assert.Equal(StateFileProblem.None, StateFile.TryParse(Encoding.Latin1.GetBytes(text), out StateFile? file));
            using (file)
            {
                SkewSample[] samples = [.. pairs.Select(pair => new SkewSample(pair.Item1, pair.Item2))];
                file!.SetHotpCounter(seconds | 1);
                file.SetUsedSteps(steps);
                file.SetRateLimit(new(3, 30, steps));
                file.SetTimeSkew(skew);
                file.SetSkewSamples(samples);
                file.SetLastLogin(index, new("fe80::1%eth0", seconds));

                Assert.Equal((OtpMode.Hotp, seconds | 1), (file.Mode, file.HotpCounter));
                Assert.True(file.DisallowsReuse && file.TryGetUsedSteps(out long[] used) && used.SequenceEqual(steps));
                Assert.Equal(RateLimitState.Valid, file.TryGetRateLimit(out RateLimit? limit));
                Assert.Equal((3, 30), (limit!.Attempts, limit.IntervalSeconds));
                Assert.Equal(steps, limit.Stamps);
                Assert.Equal(skew, file.TimeSkew);
                Assert.Equal(samples, file.SkewSamples);
                Assert.Equal(LastLoginState.Valid, file.TryGetLastLogin(index, out LastLogin row));
                Assert.Equal(new LastLogin("fe80::1%eth0", seconds), row);
            }
        });

    /// <summary>Whatever is in the text, parsing it again gives the same answers and the same bytes.</summary>
    private static void CheckReadsBack(StateFile file)
    {
        byte[] bytes = file.ToBytes();
        Assert.Equal(StateFileProblem.None, StateFile.TryParse(bytes, out StateFile? again));
        using (again)
        {
            Assert.Equal(bytes, again!.ToBytes());
            Assert.Equal(Reads(file), Reads(again));
        }
    }

    /// <summary>The marked lines in their order: nothing edits them, and nothing may swallow one.</summary>
    private static string[] Kept(byte[] bytes) =>
        [.. Encoding.Latin1.GetString(bytes).Split('\n', '\r').Where(line => line.StartsWith(Marker, StringComparison.Ordinal))];

    /// <summary>Every answer that a state file gives.</summary>
    private static string Reads(StateFile file)
    {
        RateLimitState state = file.TryGetRateLimit(out RateLimit? limit);
        string used = file.TryGetUsedSteps(out long[] steps) ? string.Join(' ', steps) : "malformed";
        IEnumerable<string> rows = Enumerable.Range(0, StateFile.LastLoginRows)
            .Select(i => $"{file.TryGetLastLogin(i, out LastLogin row)} {row}");
        return $"""
            {Secret(file)} {file.Mode} {file.HotpCounter}
            {file.TryGetWindowSize(out int window)} {window} {file.TryGetStepSize(out int seconds)} {seconds}
            {file.DisallowsReuse} {used}
            {state} {limit?.Attempts} {limit?.IntervalSeconds} {string.Join(' ', limit?.Stamps ?? [])}
            {file.TimeSkew} {string.Join(' ', file.SkewSamples)}
            {string.Join(' ', rows)}
            """;
    }

    private static string Secret(StateFile file)
    {
        if (!file.TryGetSecret(out OtpSecret? secret))
        {
            return "none";
        }

        using (secret)
        {
            return Convert.ToHexString(secret.Expose());
        }
    }
}
