using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>State files that nobody wrote, for a minute, or for SALLYPORT_FUZZ_SECONDS.</summary>
public sealed class Given_a_fuzzer
{
    private static readonly string[] _pieces =
    [
        "JBSWY3DPEHPK3PXP", "\" TOTP_AUTH", "\" HOTP_COUNTER 1", "\" HOTP_COUNTER ", "\" WINDOW_SIZE 3", "\" WINDOW_SIZE",
        "\" STEP_SIZE 30", "\" DISALLOW_REUSE 33333333 1", "\" DISALLOW_REUSE", "\" RATE_LIMIT 3 30 1 2", "\" RATE_LIMIT",
        "\" TIME_SKEW -2", "\" RESETTING_TIME_SKEW 1-2 3+4", "\" LAST0 192.0.2.7 5", "\" LAST9 fe80::1%eth0 7", "\" X y",
        "12345678", "\n", "\r\n", "\r", " ", "\t", "\"", "-", "+", "0", "4294967299", "99999999999999999999", "\u00ff", "~",
    ];

    private ulong _state = 0x2545F4914F6CDD1D; // the same course in each run

    [Fact]
    public void No_file_makes_it_throw_and_a_foreign_line_survives()
    {
        string? seconds = Environment.GetEnvironmentVariable("SALLYPORT_FUZZ_SECONDS");
        var duration = TimeSpan.FromSeconds(seconds is null ? 60 : int.Parse(seconds, CultureInfo.InvariantCulture));
        long begun = Stopwatch.GetTimestamp();
        int files = 0;
        while (Stopwatch.GetElapsedTime(begun) < duration)
        {
            byte[] bytes = Bytes();
            ulong at = _state;
            bool parsed = StateFile.TryParse(bytes, out StateFile? file) is StateFileProblem.None;
            Assert.True(parsed == (file is not null), $"0x{at:X}");
            if (file is not null)
            {
                Assert.True(file.ToBytes().SequenceEqual(bytes), $"0x{at:X}: read and written back, it is another file");
                Use(file);
                Assert.False(StateFile.TryParse(file.ToBytes(), out _) is StateFileProblem.Nul, $"0x{at:X}");
            }

            files++;
        }

        Assert.True(files > 1000, $"only {files} files");
    }

    [Fact]
    public void Lines_of_others_come_through_any_edits_as_they_were()
    {
        for (int i = 0; i < 2000; i++)
        {
            const string foreign = "\" FOREIGN  kept \t as it is";
            string text = $"JBSWY3DPEHPK3PXP\n{foreign}\n{Encoding.Latin1.GetString(Bytes())}";
            if (StateFile.TryParse(Encoding.Latin1.GetBytes(text), out StateFile? file) is StateFileProblem.None)
            {
                Use(file!);
                Assert.Contains(foreign + "\n", Encoding.Latin1.GetString(file!.ToBytes()), StringComparison.Ordinal);
            }
        }
    }

    private byte[] Bytes()
    {
        var text = new StringBuilder();
        for (int i = Pick(30); i > 0; i--)
        {
            text.Append(_pieces[Pick(_pieces.Length)]).Append(Pick(2) == 0 ? "\n" : "");
        }

        byte[] bytes = Encoding.Latin1.GetBytes(text.ToString());
        for (int i = bytes.Length == 0 ? 0 : Pick(4); i > 0; i--)
        {
            bytes[Pick(bytes.Length)] = (byte)Pick(256);
        }

        return bytes;
    }

    private void Use(StateFile file)
    {
        if (file.TryGetSecret(out OtpSecret? secret))
        {
            secret.Dispose();
        }

        _ = (file.Mode, file.HotpCounter, file.DisallowsReuse, file.TimeSkew, file.SkewSamples.Count);
        _ = file.TryGetWindowSize(out _);
        _ = file.TryGetStepSize(out _);
        _ = file.TryGetUsedSteps(out _);
        _ = file.TryGetRateLimit(out RateLimit? limit);
        for (int i = Pick(6); i > 0; i--)
        {
            switch (Pick(8))
            {
                case 0:
                    file.SetHotpCounter(1 + Pick(1000));
                    break;
                case 1:
                    file.SetUsedSteps([1, 2, Pick(1000)]);
                    break;
                case 2:
                    file.SetRateLimit((limit ?? new RateLimit(3, 30, [])) with { Stamps = [Pick(1000)] });
                    break;
                case 3:
                    file.SetTimeSkew(Pick(1000) - 500);
                    break;
                case 4:
                    file.SetSkewSamples([new SkewSample(Pick(1000), -Pick(1000))]);
                    break;
                case 5:
                    _ = file.TryGetLastLogin(Pick(10), out _);
                    file.SetLastLogin(Pick(10), new LastLogin("192.0.2.7", Pick(1000)));
                    break;
                case 6:
                    _ = file.TryUseRecoveryCode(12345678);
                    break;
                default:
                    file.SetSkewSamples([]);
                    break;
            }
        }
    }

    // xorshift64: the same numbers on every machine.
    private int Pick(int below)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (int)(_state % (ulong)below);
    }
}
