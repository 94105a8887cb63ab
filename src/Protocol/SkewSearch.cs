using System.Buffers.Binary;
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
    private const int Run = Lanes * RunGroups;

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
        HmacStates(secret.Expose(), out Sha1State inner, out Sha1State outer);

        // The message schedule is linear over exclusive or. The candidates are taken in runs that start at a multiple
        // of 64, so a candidate is its run's first counter xor its place in the run, and its schedule is that of the
        // first xor that of the place. The latter are the same for all runs.
        Span<Vector128<uint>> places = new Vector128<uint>[RunGroups * Sha1Lanes.ScheduleWords];
        for (uint group = 0; group < RunGroups; group++)
        {
            Span<Vector128<uint>> place = places.Slice((int)group * Sha1Lanes.ScheduleWords, Sha1Lanes.ScheduleWords);
            place[1] = Vector128.Create(0u, 1u, 2u, 3u) + Vector128.Create(group * Lanes);
            Sha1Lanes.Expand(place);
        }

        Span<Vector128<uint>> run = stackalloc Vector128<uint>[Sha1Lanes.ScheduleWords];
        Span<Vector128<uint>> schedule = stackalloc Vector128<uint>[Sha1Lanes.ScheduleWords];
        Span<uint> mac = stackalloc uint[5 * Lanes];
        long best = long.MaxValue; // 2 x distance, plus 1 if the step lies after now

        long lead = unchecked(now.Value - radius) & (Run - 1);
        for (long offset = -radius - lead; offset <= radius; offset += Run)
        {
            ulong counter = unchecked((ulong)(now.Value + offset));
            Message(run, (uint)(counter >> 32), unchecked((uint)counter));
            for (int group = 0; group < RunGroups; group++)
            {
                Span<Vector128<uint>> place = places.Slice(group * Sha1Lanes.ScheduleWords, Sha1Lanes.ScheduleWords);
                for (int t = 0; t < Sha1Lanes.ScheduleWords; t++)
                {
                    schedule[t] = run[t] ^ place[t];
                }

                Sha1Lanes.Compress(in inner, schedule, out Sha1State digest);
                Message(schedule, in digest);
                Sha1Lanes.Compress(in outer, schedule, out digest);
                digest.A.CopyTo(mac);
                digest.B.CopyTo(mac[4..]);
                digest.C.CopyTo(mac[8..]);
                digest.D.CopyTo(mac[12..]);
                digest.E.CopyTo(mac[16..]);
                for (int lane = 0; lane < Lanes; lane++)
                {
                    long distance = offset + (group * Lanes) + lane;
                    long rank = distance > 0 ? (2 * distance) + 1 : -2 * distance;
                    bool counts = (Truncate(mac, lane) % Modulus == code) & (Math.Abs(distance) <= radius) & (rank < best);
                    best = counts ? rank : best;
                }
            }
        }

        CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(schedule));
        return best == long.MaxValue ? null : (int)((best & 1) == 0 ? -(best / 2) : best / 2);
    }

    // RFC 2104: the states after the block of K xor ipad, and after that of K xor opad.
    private static void HmacStates(ReadOnlySpan<byte> key, out Sha1State inner, out Sha1State outer)
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

        Span<Vector128<uint>> schedule = stackalloc Vector128<uint>[Sha1Lanes.ScheduleWords];
        for (int t = 0; t < Sha1Lanes.BlockWords; t++)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * t)..]);
            schedule[t] = Vector128.Create(word) ^ Vector128.Create(0x36363636u, 0x5C5C5C5Cu, 0, 0);
        }

        Sha1Lanes.Expand(schedule);
        Sha1State initial = Sha1State.Initial;
        Sha1Lanes.Compress(in initial, schedule, out Sha1State states);
        inner = Sha1State.Broadcast(in states, 0);
        outer = Sha1State.Broadcast(in states, 1);
        CryptographicOperations.ZeroMemory(block);
        schedule.Clear();
    }

    // The second block of the inner hash: eight bytes of counter, and padding for 64 + 8 bytes.
    private static void Message(Span<Vector128<uint>> schedule, uint high, uint low)
    {
        schedule.Clear();
        schedule[0] = Vector128.Create(high);
        schedule[1] = Vector128.Create(low);
        schedule[2] = Vector128.Create(0x8000_0000u);
        schedule[15] = Vector128.Create((64u + 8u) * 8u);
        Sha1Lanes.Expand(schedule);
    }

    // The second block of the outer hash: the inner digest, and padding for 64 + 20 bytes.
    private static void Message(Span<Vector128<uint>> schedule, in Sha1State digest)
    {
        schedule[0] = digest.A;
        schedule[1] = digest.B;
        schedule[2] = digest.C;
        schedule[3] = digest.D;
        schedule[4] = digest.E;
        schedule[5] = Vector128.Create(0x8000_0000u);
        schedule[6..15].Clear();
        schedule[15] = Vector128.Create((64u + 20u) * 8u);
        Sha1Lanes.Expand(schedule);
    }

    // RFC 4226 section 5.3: 31 bits from the byte that the low 4 bits of the last byte name. A byte's place in the
    // digest is a word and a shift, so nothing need be stored in big-endian order.
    private static uint Truncate(ReadOnlySpan<uint> mac, int lane)
    {
        int at = (int)(mac[16 + lane] & 0xF);
        int word = (at & ~3) + lane; // four words a lane-wise row, so byte/4 x 4
        ulong pair = ((ulong)mac[word] << 32) | mac[word + Lanes];
        return unchecked((uint)(pair >> (32 - (8 * (at & 3))))) & 0x7FFF_FFFF;
    }
}
