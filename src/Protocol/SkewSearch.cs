using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>
/// Finds how far an authenticator's clock is off, from one passcode. A search is some 3,000 HMAC-SHA-1 computations,
/// and each wrong passcode costs one, so they are done four at once.
/// </summary>
public static class SkewSearch
{
    private const uint Modulus = 1_000_000; // six digits
    private const int Lanes = HmacSha1Lanes.Lanes;
    private const int RunGroups = 16;
    private const int RunSteps = RunGroups * Lanes;

    /// <summary>
    /// Finds the step nearest to <paramref name="now"/> whose passcode this is, among all from
    /// <paramref name="now"/> - <paramref name="radius"/> to <paramref name="now"/> + <paramref name="radius"/>;
    /// of two at the same distance the earlier. HMAC-SHA-1 and six digits. All of the steps are computed, whether
    /// something matches or not, so the time tells nothing. Steps below zero are hashed in two's complement.
    /// </summary>
    /// <param name="secret">K.</param>
    /// <param name="code">The passcode as a number; that it has six digits is the caller's to check.</param>
    /// <param name="now">The step of the verifier's own clock.</param>
    /// <param name="radius">In steps, 0 or more; google-authenticator searches 1499.</param>
    /// <returns>The distance in steps, negative for an authenticator that is behind; null if no step matches.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative radius.</exception>
    public static int? Nearest(OtpSecret secret, uint code, TimeStep now, int radius)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentOutOfRangeException.ThrowIfNegative(radius);

        // The message schedule is linear over exclusive or. The steps are taken in runs that start at a multiple of 64,
        // so a step is its run's first step xor its place in the run, and its schedule is that of the one xor that of
        // the other. The schedules of the places serve for all runs.
        Span<Vector128<uint>> places = stackalloc Vector128<uint>[RunGroups * Sha1Lanes.ScheduleWords]; // 20 KiB
        ExpandPlaces(places);
        Span<Vector128<uint>> run = stackalloc Vector128<uint>[Sha1Lanes.ScheduleWords];
        Span<Vector128<uint>> message = stackalloc Vector128<uint>[Sha1Lanes.ScheduleWords];

        HmacSha1Lanes hmac = new(secret.Expose());
        long nearest = long.MaxValue;
        long lead = unchecked(now.Value - radius) & (RunSteps - 1);
        for (long first = -radius - lead; first <= radius; first += RunSteps)
        {
            ExpandStep(run, unchecked((ulong)(now.Value + first)));
            for (int group = 0; group < RunGroups; group++)
            {
                Sha1Lanes.CompressCombined(in hmac.Inner, run, Place(places, group), out Sha1State digest);
                hmac.Finish(message, ref digest);
                nearest = Math.Min(nearest, Rank(in digest, code, first + (group * Lanes), radius));
            }
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(message));
        return nearest == long.MaxValue ? null : (int)((nearest & 1) == 0 ? -(nearest / 2) : nearest / 2);
    }

    private static void ExpandPlaces(Span<Vector128<uint>> places)
    {
        for (int group = 0; group < RunGroups; group++)
        {
            Span<Vector128<uint>> place = Place(places, group);
            place[..Sha1Lanes.BlockWords].Clear();
            place[1] = Vector128.Create(0u, 1u, 2u, 3u) + Vector128.Create((uint)(group * Lanes));
            Sha1Lanes.Expand(place);
        }
    }

    private static Span<Vector128<uint>> Place(Span<Vector128<uint>> places, int group) =>
        places.Slice(group * Sha1Lanes.ScheduleWords, Sha1Lanes.ScheduleWords);

    // The second block of the inner hash: the step in eight bytes, and the padding for 64 + 8 bytes.
    private static void ExpandStep(Span<Vector128<uint>> schedule, ulong step)
    {
        schedule[..Sha1Lanes.BlockWords].Clear();
        schedule[0] = Vector128.Create((uint)(step >> 32));
        schedule[1] = Vector128.Create((uint)(step & uint.MaxValue));
        HmacSha1Lanes.PutPadding(schedule);
        Sha1Lanes.Expand(schedule);
    }

    /// <summary>
    /// The least rank of the lanes that match: twice the distance, plus 1 for a step after now, so that the lesser rank
    /// is the better answer. Every lane costs the same.
    /// </summary>
    private static long Rank(in Sha1State digest, uint code, long first, int radius)
    {
        Span<uint> truncated = stackalloc uint[Lanes];
        HmacSha1Lanes.Truncate(in digest, truncated);
        long least = long.MaxValue;
        for (int lane = 0; lane < Lanes; lane++)
        {
            long distance = Math.Abs(first + lane);
            long rank = (2 * distance) + (first + lane > 0 ? 1 : 0);
            bool counts = (truncated[lane] % Modulus == code) & (distance <= radius) & (rank < least);
            least = counts ? rank : least;
        }

        return least;
    }
}
