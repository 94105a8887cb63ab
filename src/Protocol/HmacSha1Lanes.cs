using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>
/// HMAC-SHA-1 (RFC 2104) of counters under one key, four at once, cut to the 31 bits of RFC 4226 section 5.3. The key's
/// two blocks are compressed once. The framework's HMAC calls into OpenSSL, which costs more than the hash.
/// </summary>
internal readonly struct HmacSha1Lanes
{
    public const int Lanes = 4;

    private const int BlockBytes = 64;

    /// <summary>The states after the block of K xor ipad, and after that of K xor opad.</summary>
    public readonly Sha1State Inner;
    public readonly Sha1State Outer;

    public HmacSha1Lanes(ReadOnlySpan<byte> key)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        if (key.Length > BlockBytes)
        {
#pragma warning disable CA5350 // RFC 4226 is HMAC-SHA-1; what is known against SHA-1 are collisions, not its HMAC
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
            uint word = BinaryPrimitives.ReadUInt32BigEndian(block[(sizeof(uint) * t)..]);
            schedule[t] = Vector128.Create(word) ^ Vector128.Create(0x36363636u, 0x5C5C5C5Cu, 0, 0);
        }

        Sha1State initial = Sha1State.Initial;
        Sha1Lanes.Compress(in initial, schedule, out Sha1State states);
        Inner = states.Spread(0);
        Outer = states.Spread(1);
        CryptographicOperations.ZeroMemory(block);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(schedule));
    }

    /// <summary>The truncated MACs of <paramref name="first"/> and the three counters after it, in two's complement.</summary>
    public void Compute(long first, Span<uint> truncated)
    {
        Span<Vector128<uint>> message = stackalloc Vector128<uint>[Sha1Lanes.ScheduleWords];
        message[..Sha1Lanes.BlockWords].Clear();
        for (int lane = 0; lane < Lanes; lane++)
        {
            ulong counter = unchecked((ulong)(first + lane));
            message[0] = message[0].WithElement(lane, (uint)(counter >> 32));
            message[1] = message[1].WithElement(lane, (uint)(counter & uint.MaxValue));
        }

        PutPadding(message);
        Sha1Lanes.Compress(in Inner, message, out Sha1State digest);
        Finish(message, ref digest);
        Truncate(in digest, truncated);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(message));
    }

    /// <summary>The padding of the inner hash's second block: eight bytes of counter, 64 + 8 bytes in all.</summary>
    public static void PutPadding(Span<Vector128<uint>> message)
    {
        message[2] = Vector128.Create(0x8000_0000u);
        message[15] = Vector128.Create((64u + 8u) * 8u);
    }

    /// <summary>The outer hash over an inner digest. The message is scratch space of a schedule's length.</summary>
    public void Finish(Span<Vector128<uint>> message, ref Sha1State digest)
    {
        message[0] = digest.A;
        message[1] = digest.B;
        message[2] = digest.C;
        message[3] = digest.D;
        message[4] = digest.E;
        message[5] = Vector128.Create(0x8000_0000u);
        message[6..15].Clear();
        message[15] = Vector128.Create((64u + 20u) * 8u);
        Sha1Lanes.Compress(in Outer, message, out digest);
    }

    /// <summary>
    /// 31 bits from the byte that the low 4 bits of the last byte name. A byte of the digest is a word and a shift, so
    /// nothing is put into big-endian order for it.
    /// </summary>
    public static void Truncate(in Sha1State digest, Span<uint> truncated)
    {
        Span<uint> words = stackalloc uint[5 * Lanes];
        digest.A.CopyTo(words);
        digest.B.CopyTo(words[Lanes..]);
        digest.C.CopyTo(words[(2 * Lanes)..]);
        digest.D.CopyTo(words[(3 * Lanes)..]);
        digest.E.CopyTo(words[(4 * Lanes)..]);
        for (int lane = 0; lane < Lanes; lane++)
        {
            int at = (int)(words[(4 * Lanes) + lane] & 0xF);
            int word = (at / sizeof(uint) * Lanes) + lane;
            ulong pair = ((ulong)words[word] << 32) | words[word + Lanes];
            truncated[lane] = unchecked((uint)(pair >> (32 - (8 * (at % sizeof(uint)))))) & 0x7FFF_FFFF;
        }
    }
}
