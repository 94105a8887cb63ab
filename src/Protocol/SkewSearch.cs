using System.Buffers.Binary;
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
    private const int BlockBytes = 64;
    private const int Lanes = 4;
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

        Expand(secret.Expose(), message, out Sha1State inner, out Sha1State outer);
        long nearest = long.MaxValue;
        long lead = unchecked(now.Value - radius) & (RunSteps - 1);
        for (long first = -radius - lead; first <= radius; first += RunSteps)
        {
            ExpandStep(run, unchecked((ulong)(now.Value + first)));
            for (int group = 0; group < RunGroups; group++)
            {
                Sha1Lanes.CompressCombined(in inner, run, Place(places, group), out Sha1State digest);
                PutDigest(message, in digest);
                Sha1Lanes.Compress(in outer, message, out digest);
                nearest = Math.Min(nearest, Rank(in digest, code, first + (group * Lanes), radius));
            }
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(message));
        return nearest == long.MaxValue ? null : (int)((nearest & 1) == 0 ? -(nearest / 2) : nearest / 2);
    }

    // RFC 2104: the states after the block of K xor ipad (lane 0) and after that of K xor opad (lane 1).
    private static void Expand(
        ReadOnlySpan<byte> key,
        Span<Vector128<uint>> schedule,
        out Sha1State inner,
        out Sha1State outer)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        if (key.Length > BlockBytes)
        {
#pragma warning disable CA5350 // see Hotp
            SHA1.HashData(key, block);
#pragma warning restore CA5350
        }
        else
        {
            key.CopyTo(block);
        }

        for (int t = 0; t < Sha1Lanes.BlockWords; t++)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(block[(sizeof(uint) * t)..]);
            schedule[t] = Vector128.Create(word) ^ Vector128.Create(0x36363636u, 0x5C5C5C5Cu, 0, 0);
        }

        Sha1State initial = Sha1State.Initial;
        Sha1Lanes.Compress(in initial, schedule, out Sha1State states);
        inner = states.Spread(0);
        outer = states.Spread(1);
        CryptographicOperations.ZeroMemory(block);
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
        schedule[2] = Vector128.Create(0x8000_0000u);
        schedule[15] = Vector128.Create((64u + 8u) * 8u);
        Sha1Lanes.Expand(schedule);
    }

    // The second block of the outer hash: the inner digest, and the padding for 64 + 20 bytes.
    private static void PutDigest(Span<Vector128<uint>> schedule, in Sha1State digest)
    {
        schedule[0] = digest.A;
        schedule[1] = digest.B;
        schedule[2] = digest.C;
        schedule[3] = digest.D;
        schedule[4] = digest.E;
        schedule[5] = Vector128.Create(0x8000_0000u);
        schedule[6..15].Clear();
        schedule[15] = Vector128.Create((64u + 20u) * 8u);
    }

    /// <summary>
    /// The least rank of the lanes that match: twice the distance, plus 1 for a step after now, so that the lesser rank
    /// is the better answer. Every lane costs the same.
    /// </summary>
    private static long Rank(in Sha1State digest, uint code, long first, int radius)
    {
        Span<uint> words = stackalloc uint[5 * Lanes];
        digest.A.CopyTo(words);
        digest.B.CopyTo(words[Lanes..]);
        digest.C.CopyTo(words[(2 * Lanes)..]);
        digest.D.CopyTo(words[(3 * Lanes)..]);
        digest.E.CopyTo(words[(4 * Lanes)..]);

        long least = long.MaxValue;
        for (int lane = 0; lane < Lanes; lane++)
        {
            long distance = Math.Abs(first + lane);
            long rank = (2 * distance) + (first + lane > 0 ? 1 : 0);
            bool counts = (Truncate(words, lane) % Modulus == code) & (distance <= radius) & (rank < least);
            least = counts ? rank : least;
        }

        return least;
    }

    // RFC 4226 section 5.3: 31 bits from the byte that the low 4 bits of the last byte name. A byte of the digest is a
    // word and a shift, so nothing is put into big-endian order for it.
    private static uint Truncate(ReadOnlySpan<uint> words, int lane)
    {
        int at = (int)(words[(4 * Lanes) + lane] & 0xF);
        int word = (at / sizeof(uint) * Lanes) + lane;
        ulong pair = ((ulong)words[word] << 32) | words[word + Lanes];
        return (uint)((pair >> (32 - (8 * (at % sizeof(uint))))) & 0x7FFF_FFFF);
    }
}
