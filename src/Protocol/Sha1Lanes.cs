using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sallyport.Protocol;

/// <summary>
/// The compression of SHA-1 (FIPS 180-4 section 6.1.2), four at once: each lane of a vector is a computation of its
/// own. Vectors of 128 bits, because they are what every x64 and arm64 machine has.
/// </summary>
internal static class Sha1Lanes
{
    public const int BlockWords = 16;
    public const int ScheduleWords = 80;

    /// <summary>Step 1: the message schedule. The first 16 words are the message, the other 64 are filled in.</summary>
    public static void Expand(Span<Vector128<uint>> schedule)
    {
        ref Vector128<uint> w = ref First(schedule);
        for (int t = BlockWords; t < ScheduleWords; t++)
        {
            Unsafe.Add(ref w, t) = Rotate(
                Unsafe.Add(ref w, t - 3) ^ Unsafe.Add(ref w, t - 8) ^ Unsafe.Add(ref w, t - 14) ^ Unsafe.Add(ref w, t - 16),
                1);
        }
    }

    /// <summary>Steps 2 to 4: the 80 rounds, five a turn so that the five variables come back to their places.</summary>
    public static void Compress(in Sha1State from, ReadOnlySpan<Vector128<uint>> schedule, out Sha1State to)
    {
        ref Vector128<uint> w = ref First(schedule);
        Vector128<uint> a = from.A;
        Vector128<uint> b = from.B;
        Vector128<uint> c = from.C;
        Vector128<uint> d = from.D;
        Vector128<uint> e = from.E;

        Vector128<uint> k = Vector128.Create(0x5A827999u);
        for (int t = 0; t < 20; t += 5)
        {
            Round(a, ref b, Choose(b, c, d), ref e, Unsafe.Add(ref w, t) + k);
            Round(e, ref a, Choose(a, b, c), ref d, Unsafe.Add(ref w, t + 1) + k);
            Round(d, ref e, Choose(e, a, b), ref c, Unsafe.Add(ref w, t + 2) + k);
            Round(c, ref d, Choose(d, e, a), ref b, Unsafe.Add(ref w, t + 3) + k);
            Round(b, ref c, Choose(c, d, e), ref a, Unsafe.Add(ref w, t + 4) + k);
        }

        k = Vector128.Create(0x6ED9EBA1u);
        for (int t = 20; t < 40; t += 5)
        {
            Round(a, ref b, b ^ c ^ d, ref e, Unsafe.Add(ref w, t) + k);
            Round(e, ref a, a ^ b ^ c, ref d, Unsafe.Add(ref w, t + 1) + k);
            Round(d, ref e, e ^ a ^ b, ref c, Unsafe.Add(ref w, t + 2) + k);
            Round(c, ref d, d ^ e ^ a, ref b, Unsafe.Add(ref w, t + 3) + k);
            Round(b, ref c, c ^ d ^ e, ref a, Unsafe.Add(ref w, t + 4) + k);
        }

        k = Vector128.Create(0x8F1BBCDCu);
        for (int t = 40; t < 60; t += 5)
        {
            Round(a, ref b, Majority(b, c, d), ref e, Unsafe.Add(ref w, t) + k);
            Round(e, ref a, Majority(a, b, c), ref d, Unsafe.Add(ref w, t + 1) + k);
            Round(d, ref e, Majority(e, a, b), ref c, Unsafe.Add(ref w, t + 2) + k);
            Round(c, ref d, Majority(d, e, a), ref b, Unsafe.Add(ref w, t + 3) + k);
            Round(b, ref c, Majority(c, d, e), ref a, Unsafe.Add(ref w, t + 4) + k);
        }

        k = Vector128.Create(0xCA62C1D6u);
        for (int t = 60; t < 80; t += 5)
        {
            Round(a, ref b, b ^ c ^ d, ref e, Unsafe.Add(ref w, t) + k);
            Round(e, ref a, a ^ b ^ c, ref d, Unsafe.Add(ref w, t + 1) + k);
            Round(d, ref e, e ^ a ^ b, ref c, Unsafe.Add(ref w, t + 2) + k);
            Round(c, ref d, d ^ e ^ a, ref b, Unsafe.Add(ref w, t + 3) + k);
            Round(b, ref c, c ^ d ^ e, ref a, Unsafe.Add(ref w, t + 4) + k);
        }

        to = new(from.A + a, from.B + b, from.C + c, from.D + d, from.E + e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector128<uint> a,
        ref Vector128<uint> b,
        Vector128<uint> f,
        ref Vector128<uint> e,
        Vector128<uint> wk)
    {
        e += wk + f + Rotate(a, 5);
        b = Rotate(b, 30);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Choose(Vector128<uint> x, Vector128<uint> y, Vector128<uint> z) => z ^ (x & (y ^ z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Majority(Vector128<uint> x, Vector128<uint> y, Vector128<uint> z) =>
        (x & y) | (z & (x | y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> x, int bits) => (x << bits) | (x >>> (32 - bits));

    // The spans have ScheduleWords elements; a check for each of the 6,000 x 80 accesses would show.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref Vector128<uint> First(ReadOnlySpan<Vector128<uint>> schedule)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(schedule.Length, ScheduleWords);
        return ref MemoryMarshal.GetReference(schedule);
    }
}

/// <summary>The five words of four states.</summary>
internal readonly record struct Sha1State(
    Vector128<uint> A,
    Vector128<uint> B,
    Vector128<uint> C,
    Vector128<uint> D,
    Vector128<uint> E)
{
    /// <summary>The initial hash value (FIPS 180-4 section 5.3.1).</summary>
    public static Sha1State Initial { get; } = new(
        Vector128.Create(0x67452301u),
        Vector128.Create(0xEFCDAB89u),
        Vector128.Create(0x98BADCFEu),
        Vector128.Create(0x10325476u),
        Vector128.Create(0xC3D2E1F0u));

    /// <summary>The same state in every lane.</summary>
    public static Sha1State Broadcast(in Sha1State state, int lane) => new(
        Vector128.Create(state.A[lane]),
        Vector128.Create(state.B[lane]),
        Vector128.Create(state.C[lane]),
        Vector128.Create(state.D[lane]),
        Vector128.Create(state.E[lane]));
}
