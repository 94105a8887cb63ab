using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>
/// Recovery codes, salted and hashed. That hides old codes from who glances at a backup and from nobody else: eight
/// digits are searched in no time.
/// </summary>
public sealed class RecoveryCodeHashes
{
    /// <summary>The greatest number of codes.</summary>
    public const int MaxCodes = 10;

    /// <summary>The size of the salt.</summary>
    public const int SaltBytes = 16;

    private const uint LeastCode = 10_000_000;
    private const uint GreatestCode = 99_999_999;

    private readonly byte[] _salt;
    private readonly byte[][] _hashes;

    private RecoveryCodeHashes(byte[] salt, byte[][] hashes) => (_salt, _hashes) = (salt, hashes);

    /// <summary>No codes.</summary>
    public static RecoveryCodeHashes None { get; } = new(new byte[SaltBytes], []);

    /// <summary>How many codes there were when they were made; which of them are used is in the record.</summary>
    public int Count => _hashes.Length;

    /// <summary>The salt.</summary>
    public ReadOnlySpan<byte> Salt => _salt;

    /// <summary>Hashes codes.</summary>
    /// <param name="salt">16 random bytes.</param>
    /// <param name="codes">At most ten, all different, 10000000 to 99999999.</param>
    /// <exception cref="ArgumentException">Another salt, or other codes.</exception>
    public static RecoveryCodeHashes Of(ReadOnlySpan<byte> salt, ReadOnlySpan<uint> codes)
    {
        byte[][] hashes = new byte[codes.Length][];
        for (int i = 0; i < codes.Length; i++)
        {
            if (codes[i] is < LeastCode or > GreatestCode)
            {
                throw new ArgumentException("A recovery code has eight digits, the first not 0.", nameof(codes));
            }

            hashes[i] = Hash(salt, codes[i]);
        }

        return FromHashes(salt, hashes)
            ?? throw new ArgumentException("Not a salt and different codes.", nameof(codes));
    }

    /// <summary>Which of the codes this is, used or not; -1 if none. All are compared.</summary>
    /// <param name="code">The code.</param>
    public int IndexOf(uint code)
    {
        int index = -1;
        if (code is >= LeastCode and <= GreatestCode && Count > 0)
        {
            byte[] hash = Hash(_salt, code);
            for (int i = 0; i < Count; i++)
            {
                index = CryptographicOperations.FixedTimeEquals(_hashes[i], hash) ? i : index;
            }
        }

        return index;
    }

    /// <summary>The same text for all of them.</summary>
    public override string ToString() => "[recovery codes]";

    /// <summary>The hash of a code.</summary>
    internal ReadOnlySpan<byte> this[int index] => _hashes[index];

    /// <summary>Whether salt and hashes are the same; of other codes they never are.</summary>
    internal bool IsSameAs(RecoveryCodeHashes other) =>
        _salt.AsSpan().SequenceEqual(other._salt) && Count == other.Count
        && _hashes.Zip(other._hashes).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>Null: these are no salt, too many hashes, or two that are the same.</summary>
    internal static RecoveryCodeHashes? FromHashes(ReadOnlySpan<byte> salt, byte[][] hashes)
    {
        bool different = true;
        for (int i = 0; i < hashes.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                different &= !hashes[i].AsSpan().SequenceEqual(hashes[j]);
            }
        }

        return salt.Length == SaltBytes && hashes.Length <= MaxCodes && different ? new(salt.ToArray(), hashes) : null;
    }

    private static byte[] Hash(ReadOnlySpan<byte> salt, uint code)
    {
        const int Digits = 8;
        Span<byte> salted = stackalloc byte[SaltBytes + Digits];
        salted.Clear();
        salt[..Math.Min(salt.Length, SaltBytes)].CopyTo(salted);
        Encoding.ASCII.GetBytes(code.ToString(CultureInfo.InvariantCulture), salted[SaltBytes..]);
        byte[] hash = new byte[Sha256.DigestBytes];
        Sha256.Hash(salted, hash);
        CryptographicOperations.ZeroMemory(salted);
        return hash;
    }
}
