using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>
/// SHA-256 (FIPS 180-4). The framework's asks OpenSSL, which the agent needs for nothing else at a login and would keep
/// in memory.
/// </summary>
public static class Sha256
{
    /// <summary>The size of a digest.</summary>
    public const int DigestBytes = 32;

    private const int BlockBytes = 64;
    private const int BlockWords = 16;
    private const int Rounds = 64;

    // Section 4.2.2: the fractions of the cube roots of the first 64 primes.
    private static ReadOnlySpan<uint> K =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    // Section 5.3.3: the fractions of the square roots of the first eight primes.
    private static ReadOnlySpan<uint> Initial =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    /// <summary>Hashes a message; what the computation leaves in memory is wiped.</summary>
    /// <param name="message">Any number of bytes.</param>
    /// <param name="digest">Where the digest goes; what is longer than 32 bytes stays as it was.</param>
    /// <exception cref="ArgumentException">There is no room for a digest.</exception>
    public static void Hash(ReadOnlySpan<byte> message, Span<byte> digest)
    {
        if (digest.Length < DigestBytes)
        {
            throw new ArgumentException("A digest has 32 bytes.", nameof(digest));
        }

        Span<uint> state = stackalloc uint[Initial.Length];
        Span<uint> schedule = stackalloc uint[Rounds];
        Initial.CopyTo(state);
        ReadOnlySpan<byte> rest = message;
        for (; rest.Length >= BlockBytes; rest = rest[BlockBytes..])
        {
            Compress(state, rest[..BlockBytes], schedule);
        }

        // Section 5.1.1: one bit, zeros, and the length in bits in the last eight bytes of a block.
        Span<byte> tail = stackalloc byte[2 * BlockBytes];
        tail.Clear();
        rest.CopyTo(tail);
        tail[rest.Length] = 0x80;
        int end = rest.Length + 1 + sizeof(ulong) <= BlockBytes ? BlockBytes : 2 * BlockBytes;
        BinaryPrimitives.WriteUInt64BigEndian(tail[(end - sizeof(ulong))..], (ulong)message.Length * 8);
        for (int block = 0; block < end; block += BlockBytes)
        {
            Compress(state, tail.Slice(block, BlockBytes), schedule);
        }

        for (int i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(digest[(i * sizeof(uint))..], state[i]);
        }

        CryptographicOperations.ZeroMemory(tail);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(schedule));
    }

    // Section 6.2.2, with the letters of the standard.
    private static void Compress(Span<uint> state, ReadOnlySpan<byte> block, Span<uint> w)
    {
        unchecked
        {
            // Both have 64 words; the checks of each index would take as long as the hash.
            ref uint word = ref MemoryMarshal.GetReference(w[..Rounds]);
            ref uint constant = ref MemoryMarshal.GetReference(K[..Rounds]);
            for (int t = 0; t < BlockWords; t++)
            {
                w[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(t * sizeof(uint))..]);
            }

            for (int t = BlockWords; t < Rounds; t++)
            {
                uint w15 = Unsafe.Add(ref word, t - 15);
                uint w2 = Unsafe.Add(ref word, t - 2);
                uint s0 = Rotate(w15, 7) ^ Rotate(w15, 18) ^ (w15 >> 3);
                uint s1 = Rotate(w2, 17) ^ Rotate(w2, 19) ^ (w2 >> 10);
                Unsafe.Add(ref word, t) = s1 + Unsafe.Add(ref word, t - 7) + s0 + Unsafe.Add(ref word, t - 16);
            }

            uint a = state[0], b = state[1], c = state[2], d = state[3];
            uint e = state[4], f = state[5], g = state[6], h = state[7];
            for (int t = 0; t < Rounds; t++)
            {
                uint t1 = h + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25)) + ((e & f) ^ (~e & g))
                    + Unsafe.Add(ref constant, t) + Unsafe.Add(ref word, t);
                uint t2 = (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
                (h, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
            }

            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
            state[4] += e;
            state[5] += f;
            state[6] += g;
            state[7] += h;
        }
    }

    private static uint Rotate(uint word, int bits) => BitOperations.RotateRight(word, bits);
}
