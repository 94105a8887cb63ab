using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocol;

/// <summary>What became of a time step whose passcode matched. Zero is a refusal.</summary>
public enum StepUse
{
    /// <summary>What is used up cannot be told, or the step cannot be noted; a refusal.</summary>
    Refused = 0,

    /// <summary>It was free and is used up now.</summary>
    Used,

    /// <summary>It was used up before; a refusal.</summary>
    UsedBefore,
}

/// <summary>
/// What a login asks of an account's secret and changes in what is used up, whichever store it stands in:
/// <see cref="StateFile"/> in a home, <see cref="TotpEntry"/> in the root-only store. Nothing is on disk before the
/// caller has saved it.
/// </summary>
public interface IOtpState
{
    /// <summary>Whether something was altered, so that it must be saved.</summary>
    bool Changed { get; }

    /// <summary>What moves the passcodes.</summary>
    OtpMode Mode { get; }

    /// <summary>How many digits a passcode has, 6 to 8.</summary>
    int Digits { get; }

    /// <summary>The hash under the HMAC.</summary>
    OtpAlgorithm Algorithm { get; }

    /// <summary>Whether passcodes outside of the window may teach the skew of a clock.</summary>
    bool LearnsSkew { get; }

    /// <summary>How far the authenticator's clock is ahead, in steps.</summary>
    int TimeSkew { get; }

    /// <summary>The attempts from which a skew is being learned, oldest first, at most three.</summary>
    IReadOnlyList<SkewSample> SkewSamples { get; }

    /// <summary>The next counter that counts.</summary>
    long HotpCounter { get; }

    /// <summary>A copy of the secret, which the caller disposes of; false if there is no usable one.</summary>
    /// <param name="secret">K.</param>
    bool TryGetSecret([NotNullWhen(true)] out OtpSecret? secret);

    /// <summary>How many steps or counters are tried; false if malformed, and then no passcode is accepted.</summary>
    /// <param name="size">1 to 100.</param>
    bool TryGetWindowSize(out int size);

    /// <summary>The period of TOTP; false if malformed, and then no TOTP passcode is accepted.</summary>
    /// <param name="seconds">1 to 60.</param>
    bool TryGetStepSize(out int seconds);

    /// <summary>Reads the rate limit and the attempts that it remembers.</summary>
    /// <param name="limit">The limit; null unless the answer is <see cref="RateLimitState.Valid"/>.</param>
    RateLimitState TryGetRateLimit(out RateLimit? limit);

    /// <summary>Remembers attempts.</summary>
    /// <param name="limit">What <see cref="TryGetRateLimit"/> gave, with other stamps.</param>
    void SetRateLimit(RateLimit limit);

    /// <summary>Uses a time step up, where passcodes are accepted once only.</summary>
    /// <param name="matched">The step that matched.</param>
    /// <param name="window">How many steps are tried; a step farther away need not be remembered.</param>
    StepUse TryUseStep(TimeStep matched, int window);

    /// <summary>
    /// Whether a step is one that was used, or may be: none is remembered for ever, so each one up to the highest that
    /// was used may be. False where passcodes are accepted more than once.
    /// </summary>
    /// <param name="matched">The step that matched.</param>
    bool MayBeUsed(TimeStep matched);

    /// <summary>Sets the next counter that counts.</summary>
    /// <param name="counter">1 or more.</param>
    void SetHotpCounter(long counter);

    /// <summary>Sets how far the authenticator's clock is ahead.</summary>
    /// <param name="steps">Steps, negative for an authenticator that is behind.</param>
    void SetTimeSkew(int steps);

    /// <summary>Sets the attempts from which a skew is being learned.</summary>
    /// <param name="samples">At most three, oldest first.</param>
    void SetSkewSamples(ReadOnlySpan<SkewSample> samples);

    /// <summary>Uses a recovery code up; false, and nothing changed, if it is none that is left.</summary>
    /// <param name="code">10000000 to 99999999; any other number is no recovery code.</param>
    bool TryUseRecoveryCode(uint code);
}
