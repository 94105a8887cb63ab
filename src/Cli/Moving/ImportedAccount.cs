using System.Diagnostics.CodeAnalysis;
using Sallyport.Host.Enrolment;
using Sallyport.Protocol;

namespace Sallyport.Cli.Moving;

/// <summary>What a state file becomes in the root-only store.</summary>
internal static class ImportedAccount
{
    private const int LeastSecretBytes = 10; // 80 bits; RFC 4226 section 4, R6 wants 128

    private static readonly AttemptLimit _usualLimit = new(3, 30);

    /// <summary>Null: the file cannot be taken over as it is; <paramref name="problem"/> says why.</summary>
    /// <param name="told">The notice for the next login.</param>
    public static TotpEntry? From(
        StateFile file, long now, ReadOnlySpan<uint> recoveryCodes, string told, [NotNullWhen(false)] out string? problem)
    {
        if (Settings(file, out problem) is not TotpSettings settings || !file.TryGetSecret(out OtpSecret? secret))
        {
            problem ??= "it has no valid secret";
            return null;
        }

        if (secret.Expose().Length is < LeastSecretBytes or > TotpEnrolment.MaxSecretBytes)
        {
            problem = $"its secret has {secret.Expose().Length * 8} bits: at least 80, and at most 1024, are taken";
            secret.Dispose();
            return null;
        }

        return TotpEntry.Create(
            new(secret, settings, now, FreshFactor.Hash(recoveryCodes), TotpEnrolment.AfterChange([], told)), Record(file));
    }

    /// <summary>What is used up in the file, so that nothing that let somebody in there does so here.</summary>
    public static TotpRecord Record(StateFile file)
    {
        long[] used = file.TryGetUsedSteps(out long[] steps) ? [.. steps.Where(s => s >= 0)] : [];
        long highest = used.Length > 0 ? used.Max() : -1;
        UInt128 bits = 0;
        foreach (long step in used.Where(step => highest - step < TotpRecord.BitmapSteps))
        {
            bits |= UInt128.One << (int)(highest - step);
        }

        return new()
        {
            HighestStep = highest,
            UsedSteps = bits,
            HotpCounter = Math.Max(file.HotpCounter, 1),
            TimeSkew = Math.Clamp(file.TimeSkew, -SkewSample.MaxSkew, SkewSample.MaxSkew),
        };
    }

    private static TotpSettings? Settings(StateFile file, out string? problem)
    {
        RateLimitState limited = file.TryGetRateLimit(out RateLimit? limit);
        bool windowed = file.TryGetWindowSize(out int window);
        bool stepped = file.TryGetStepSize(out int seconds);
        problem = file.Mode is OtpMode.None ? "it has neither TOTP_AUTH nor HOTP_COUNTER"
            : !windowed ? "its WINDOW_SIZE is not valid"
            : !stepped ? "its STEP_SIZE is not valid"
            : limited is not (RateLimitState.Absent or RateLimitState.Valid) ? "its RATE_LIMIT is not valid"
            : file.DisallowsReuse && !file.TryGetUsedSteps(out _) ? "its DISALLOW_REUSE is not valid"
            : null;
        return problem is not null ? null : new()
        {
            Mode = file.Mode,
            PeriodSeconds = seconds,
            Window = window,
            Limit = limit is null ? _usualLimit : new(limit.Attempts, limit.IntervalSeconds),
            IsStrict = false, // passcodes were accepted in any order so far
        };
    }
}
