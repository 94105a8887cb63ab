using Sallyport.Host.Files;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>Zero refuses: the code was recognised as one that must not pass, and nothing else may be tried.</summary>
internal enum CheckOutcome
{
    Refused,

    /// <summary>No code of this account; another answer may still be.</summary>
    NoMatch,

    Accepted,
}

/// <summary>
/// Is this answer a code of this account, now? What it uses up is changed in <paramref name="state"/>, which the
/// caller saves before it lets anyone in.
/// </summary>
/// <param name="learnSkew">Whether a wrong passcode may teach the file the skew of a clock.</param>
/// <param name="moveCounter">Whether a wrong passcode moves an HOTP counter.</param>
internal sealed class CodeCheck(
    IOtpState state, OtpSecret secret, bool learnSkew, bool moveCounter, long now, Action<Priority, string> log)
{
    // google-authenticator looks this many steps to either side for the code of a clock that is off.
    private const int SkewRadius = 1499;

    /// <summary>The search over thousands of steps was made; it takes long enough to be measured from outside.</summary>
    public bool Searched { get; private set; }

    /// <summary>It is a code of this account, and it is used up.</summary>
    public bool UsedBefore { get; private set; }

    /// <summary>What the accepted code was, where it lets nobody in again.</summary>
    public (CodeKind Kind, long Value)? Spent { get; private set; }

    public CheckOutcome Try(ReadOnlySpan<byte> answer, bool prefixAllowed, out int prefixLength)
    {
        if (Answer.TrySplit(answer, 8, prefixAllowed, out uint code, out prefixLength) && state.TryUseRecoveryCode(code))
        {
            Spent = (CodeKind.RecoveryCode, code);
            return CheckOutcome.Accepted;
        }

        if (!Answer.TrySplit(answer, state.Digits, prefixAllowed, out code, out prefixLength))
        {
            return CheckOutcome.NoMatch;
        }

        return state.Mode switch
        {
            OtpMode.Hotp => TryHotp(code),
            OtpMode.Totp => TryTotp(code),
            _ => CheckOutcome.NoMatch,
        };
    }

    private CheckOutcome TryHotp(uint code)
    {
        if (!TryWindow(out int window))
        {
            return CheckOutcome.Refused;
        }

        if (Hotp.Match(secret, code, state.HotpCounter, window, state.Digits, state.Algorithm) is long counter)
        {
            state.SetHotpCounter(counter + 1);
            Spent = (CodeKind.Counter, counter);
            return CheckOutcome.Accepted;
        }

        if (moveCounter && state.HotpCounter < long.MaxValue)
        {
            state.SetHotpCounter(state.HotpCounter + 1);
        }

        return CheckOutcome.NoMatch;
    }

    private CheckOutcome TryTotp(uint code)
    {
        if (!state.TryGetStepSize(out int stepSize))
        {
            log(Priority.Error, "Invalid STEP_SIZE option in the state file");
            return CheckOutcome.Refused;
        }

        if (now < stepSize || !TryWindow(out int window))
        {
            return CheckOutcome.Refused;
        }

        var step = new TimeStep(now / stepSize);
        var centre = new TimeStep(step.Value + state.TimeSkew);
        if (Totp.Match(secret, code, centre, (window - 1) / 2, window / 2, state.Digits, state.Algorithm)
            is TimeStep matched)
        {
            return Use(matched, window, stepSize);
        }

        if (!learnSkew || !state.LearnsSkew)
        {
            return CheckOutcome.NoMatch;
        }

        Searched = true;
        return SkewSearch.Nearest(secret, code, step, SkewRadius) is int distance
            ? LearnSkew(new SkewSample(step.Value, distance), window, stepSize)
            : CheckOutcome.NoMatch;
    }

    /// <summary>RFC 6238 section 5.2: a passcode is accepted once, where the account wants that.</summary>
    private CheckOutcome Use(TimeStep matched, int window, int stepSize)
    {
        StepUse use = state.TryUseStep(matched, window);
        if (use is StepUse.UsedBefore)
        {
            UsedBefore = true;
            log(Priority.Error, "Trying to reuse a previously used time-based code. "
                + $"Wait {stepSize} seconds for the next one; if that does not help, the clocks disagree.");
        }

        Spent = use is StepUse.Used ? (CodeKind.TimeStep, matched.Value) : null;
        return use is StepUse.Used ? CheckOutcome.Accepted : CheckOutcome.Refused;
    }

    /// <summary>
    /// Three codes in a row that are off by the same distance: the clock of the device is, and the third one logs in.
    /// </summary>
    private CheckOutcome LearnSkew(SkewSample sample, int window, int stepSize)
    {
        // A search this far finds codes that were used so long ago that nobody remembers each of them: whoever has
        // watched three in a row must not teach the file his own clock with them.
        if (state.MayBeUsed(new TimeStep(sample.Step + sample.Skew)))
        {
            UsedBefore = true;
            log(Priority.Error, "Trying to learn a clock from codes that may have been used before.");
            return CheckOutcome.Refused;
        }

        List<SkewSample> samples = [.. state.SkewSamples.TakeLast(3)];
        if (samples is [.., SkewSample last] && last.Step + last.Skew == sample.Step + sample.Skew)
        {
            return CheckOutcome.Refused; // the same code typed again proves nothing new
        }

        samples = [.. samples.Append(sample).TakeLast(3)];
        if (!AreOneClock(samples))
        {
            state.SetSkewSamples([.. samples]);
            return CheckOutcome.Refused;
        }

        CheckOutcome outcome = Use(new TimeStep(sample.Step + sample.Skew), window, stepSize);
        if (outcome is CheckOutcome.Accepted)
        {
            state.SetTimeSkew(samples.Sum(s => s.Skew) / 3);
            state.SetSkewSamples([]);
        }

        return outcome;
    }

    private static bool AreOneClock(List<SkewSample> samples) =>
        samples is [var first, var second, var third]
        && second.Step - first.Step is 1 or 2 && third.Step - second.Step is 1 or 2
        && Math.Abs(first.Skew - third.Skew) <= 1 && Math.Abs(second.Skew - third.Skew) <= 1;

    private bool TryWindow(out int window)
    {
        bool valid = state.TryGetWindowSize(out window);
        if (!valid)
        {
            log(Priority.Error, "Invalid WINDOW_SIZE option in the state file");
        }

        return valid;
    }
}
