using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sallyport.Protocol;

/// <summary>
/// The compression function of SHA-1 (FIPS 180-4 section 6.1.2), four at once: each lane of a vector is a computation
/// of its own. Vectors of 128 bits, because those are what native code for any x64 or arm64 machine may count on.
/// </summary>
internal static class Sha1Lanes
{
    /// <summary>Words of a message block, which a schedule begins with.</summary>
    public const int BlockWords = 16;

    /// <summary>Words of a message schedule, one for each round.</summary>
    public const int ScheduleWords = 80;

    // Where the words of the rounds come from. A type parameter makes two loops of one text, without a test in them.
    private interface IWords
    {
        static abstract Vector128<uint> Take(ref Vector128<uint> w, ref Vector128<uint> x, int at);

        static abstract Vector128<uint> TakeReady(ref Vector128<uint> w, ref Vector128<uint> x, int at);

        static abstract void Finish(ref Vector128<uint> w);
    }

    /// <summary>Step 1, the message schedule: the first 16 words are the block, the other 64 are filled in.</summary>
    public static void Expand(Span<Vector128<uint>> schedule)
    {
        ref Vector128<uint> w = ref First(schedule);
        for (nint t = 0; t < ScheduleWords - BlockWords; t++)
        {
            ExpandWord(ref Unsafe.Add(ref w, t));
        }
    }

    /// <summary>
    /// Compresses a block. The first 16 words of the schedule are the block; the others are filled in on the way,
    /// between rounds that would otherwise wait for each other.
    /// </summary>
    public static void Compress(in Sha1State from, Span<Vector128<uint>> schedule, out Sha1State to) =>
        Compress<ExpandedWords>(in from, ref First(schedule), ref First(schedule), out to);

    /// <summary>Compresses a block whose schedule is the exclusive or of two expanded ones.</summary>
    public static void CompressCombined(
        in Sha1State from,
        ReadOnlySpan<Vector128<uint>> schedule,
        ReadOnlySpan<Vector128<uint>> other,
        out Sha1State to) =>
        Compress<CombinedWords>(in from, ref First(schedule), ref First(other), out to);

    // Steps 2 to 4: the 80 rounds, five a turn so that the five variables come back to their places.
    private static void Compress<TWords>(
        in Sha1State from,
        ref Vector128<uint> w,
        ref Vector128<uint> x,
        out Sha1State to)
        where TWords : struct, IWords
    {
        Vector128<uint> a = from.A;
        Vector128<uint> b = from.B;
        Vector128<uint> c = from.C;
        Vector128<uint> d = from.D;
        Vector128<uint> e = from.E;

        Vector128<uint> k = Vector128.Create(0x5A827999u);
        for (int turn = 0; turn < 4; turn++)
        {
            Round(a, ref b, Choose(b, c, d), ref e, TWords.Take(ref w, ref x, 0) + k);
            Round(e, ref a, Choose(a, b, c), ref d, TWords.Take(ref w, ref x, 1) + k);
            Round(d, ref e, Choose(e, a, b), ref c, TWords.Take(ref w, ref x, 2) + k);
            Round(c, ref d, Choose(d, e, a), ref b, TWords.Take(ref w, ref x, 3) + k);
            Round(b, ref c, Choose(c, d, e), ref a, TWords.Take(ref w, ref x, 4) + k);
            w = ref Unsafe.Add(ref w, 5);
            x = ref Unsafe.Add(ref x, 5);
        }

        k = Vector128.Create(0x6ED9EBA1u);
        for (int turn = 0; turn < 4; turn++)
        {
            Round(a, ref b, b ^ c ^ d, ref e, TWords.Take(ref w, ref x, 0) + k);
            Round(e, ref a, a ^ b ^ c, ref d, TWords.Take(ref w, ref x, 1) + k);
            Round(d, ref e, e ^ a ^ b, ref c, TWords.Take(ref w, ref x, 2) + k);
            Round(c, ref d, d ^ e ^ a, ref b, TWords.Take(ref w, ref x, 3) + k);
            Round(b, ref c, c ^ d ^ e, ref a, TWords.Take(ref w, ref x, 4) + k);
            w = ref Unsafe.Add(ref w, 5);
            x = ref Unsafe.Add(ref x, 5);
        }

        k = Vector128.Create(0x8F1BBCDCu);
        for (int turn = 0; turn < 4; turn++)
        {
            Round(a, ref b, Majority(b, c, d), ref e, TWords.Take(ref w, ref x, 0) + k);
            Round(e, ref a, Majority(a, b, c), ref d, TWords.Take(ref w, ref x, 1) + k);
            Round(d, ref e, Majority(e, a, b), ref c, TWords.Take(ref w, ref x, 2) + k);
            Round(c, ref d, Majority(d, e, a), ref b, TWords.Take(ref w, ref x, 3) + k);
            Round(b, ref c, Majority(c, d, e), ref a, TWords.Take(ref w, ref x, 4) + k);
            w = ref Unsafe.Add(ref w, 5);
            x = ref Unsafe.Add(ref x, 5);
        }

        TWords.Finish(ref w);
        k = Vector128.Create(0xCA62C1D6u);
        for (int turn = 0; turn < 4; turn++)
        {
            Round(a, ref b, b ^ c ^ d, ref e, TWords.TakeReady(ref w, ref x, 0) + k);
            Round(e, ref a, a ^ b ^ c, ref d, TWords.TakeReady(ref w, ref x, 1) + k);
            Round(d, ref e, e ^ a ^ b, ref c, TWords.TakeReady(ref w, ref x, 2) + k);
            Round(c, ref d, d ^ e ^ a, ref b, TWords.TakeReady(ref w, ref x, 3) + k);
            Round(b, ref c, c ^ d ^ e, ref a, TWords.TakeReady(ref w, ref x, 4) + k);
            w = ref Unsafe.Add(ref w, 5);
            x = ref Unsafe.Add(ref x, 5);
        }

        to = new(from.A + a, from.B + b, from.C + c, from.D + d, from.E + e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector128<uint> a,
        ref Vector128<uint> b,
        Vector128<uint> f,
        ref Vector128<uint> e,
        Vector128<uint> word)
    {
        e = (e + word + f) + Rotate(a, 5); // a comes last because only it is from the round before
        b = Rotate(b, 30);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Choose(Vector128<uint> x, Vector128<uint> y, Vector128<uint> z) => z ^ (x & (y ^ z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Majority(Vector128<uint> x, Vector128<uint> y, Vector128<uint> z) =>
        (x & y) | (z & (x | y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> x, int bits) => (x << bits) | (x >>> (32 - bits));

    /// <summary>Fills in the word 16 after this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExpandWord(ref Vector128<uint> w)
    {
        Vector128<uint> x = w ^ Unsafe.Add(ref w, 2) ^ Unsafe.Add(ref w, 8) ^ Unsafe.Add(ref w, 13);
        Unsafe.Add(ref w, BlockWords) = (x + x) | (x >>> 31);
    }

    // One check here for the 80 accesses that follow it, none of which is beyond the schedule.
    private static ref Vector128<uint> First(ReadOnlySpan<Vector128<uint>> schedule)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(schedule.Length, ScheduleWords);
        return ref MemoryMarshal.GetReference(schedule);
    }

    private readonly struct ExpandedWords : IWords
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<uint> Take(ref Vector128<uint> w, ref Vector128<uint> x, int at)
        {
            ExpandWord(ref Unsafe.Add(ref w, at));
            return Unsafe.Add(ref w, at);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<uint> TakeReady(ref Vector128<uint> w, ref Vector128<uint> x, int at) =>
            Unsafe.Add(ref w, at);

        // Round 60 is next; the rounds so far have filled in words 16 to 75.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Finish(ref Vector128<uint> w)
        {
            ExpandWord(ref w);
            ExpandWord(ref Unsafe.Add(ref w, 1));
            ExpandWord(ref Unsafe.Add(ref w, 2));
            ExpandWord(ref Unsafe.Add(ref w, 3));
        }
    }

    private readonly struct CombinedWords : IWords
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<uint> Take(ref Vector128<uint> w, ref Vector128<uint> x, int at) =>
            Unsafe.Add(ref w, at) ^ Unsafe.Add(ref x, at);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<uint> TakeReady(ref Vector128<uint> w, ref Vector128<uint> x, int at) =>
            Take(ref w, ref x, at);

        public static void Finish(ref Vector128<uint> w)
        {
        }
    }
}
