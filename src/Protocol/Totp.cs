namespace Sallyport.Protocol;

/// <summary>TOTP: HOTP with the time step as its counter (RFC 6238).</summary>
public static class Totp
{
    /// <summary>Computes the passcode of one time step (RFC 6238 section 4.2).</summary>
    /// <param name="secret">K.</param>
    /// <param name="step">T; one below zero is hashed in two's complement.</param>
    /// <param name="digits">6, 7 or 8.</param>
    /// <param name="algorithm">The hash under the HMAC.</param>
    /// <returns>The passcode as a number below 10^<paramref name="digits"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Other digits, or no such algorithm.</exception>
    public static uint Compute(
        OtpSecret secret,
        TimeStep step,
        int digits = 6,
        OtpAlgorithm algorithm = OtpAlgorithm.Sha1) =>
        Hotp.Compute(secret, step.Value, digits, algorithm);

    /// <summary>
    /// Finds the step whose passcode this is, or null, trying <paramref name="centre"/> - <paramref name="back"/>
    /// first and <paramref name="centre"/> + <paramref name="ahead"/> last. The caller MUST consume the step: a
    /// verifier accepts a passcode once (RFC 6238 section 5.2), and a bool could not tell which step that was. All of
    /// the steps are computed, whether something matches or not.
    /// </summary>
    /// <param name="secret">K.</param>
    /// <param name="code">The passcode as a number; that it has as many digits is the caller's to check.</param>
    /// <param name="centre">The step that the authenticator is believed to be in.</param>
    /// <param name="back">How many steps before it count, 0 or more.</param>
    /// <param name="ahead">How many steps after it count, 0 or more.</param>
    /// <param name="digits">6, 7 or 8.</param>
    /// <param name="algorithm">The hash under the HMAC.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A negative width, more than 2^31 - 1 steps, other digits, or no such algorithm.
    /// </exception>
    public static TimeStep? Match(
        OtpSecret secret,
        uint code,
        TimeStep centre,
        int back,
        int ahead,
        int digits = 6,
        OtpAlgorithm algorithm = OtpAlgorithm.Sha1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(back);
        ArgumentOutOfRangeException.ThrowIfNegative(ahead);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ahead, int.MaxValue - 1 - (long)back);
        long first = unchecked(centre.Value - back);
        return Hotp.FirstMatch(secret, code, first, back + ahead + 1, digits, algorithm) is int index
            ? new TimeStep(unchecked(first + index))
            : null;
    }
}
