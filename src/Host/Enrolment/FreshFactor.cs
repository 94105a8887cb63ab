using System.Security.Cryptography;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>Secrets and codes that nobody else knows yet, from the kernel's randomness.</summary>
internal static class FreshFactor
{
    public const int UsualRecoveryCodes = 5;

    private const int SecretBytes = 20; // RFC 4226 section 4, R6: 128 bits at least, 160 recommended
    private const uint LeastCode = 10_000_000;
    private const uint CodeCount = 90_000_000;

    public static OtpSecret Secret()
    {
        Span<byte> key = stackalloc byte[SecretBytes];
        SysRandom.Fill(key);
        var secret = OtpSecret.FromBytes(key);
        CryptographicOperations.ZeroMemory(key);
        return secret;
    }

    /// <summary>So many different codes, 10000000 to 99999999; the caller clears them.</summary>
    public static uint[] RecoveryCodes(int count)
    {
        HashSet<uint> codes = [];
        while (codes.Count < count)
        {
            codes.Add(RecoveryCode());
        }

        return [.. codes];
    }

    public static RecoveryCodeHashes Hash(ReadOnlySpan<uint> codes)
    {
        Span<byte> salt = stackalloc byte[RecoveryCodeHashes.SaltBytes];
        SysRandom.Fill(salt);
        return RecoveryCodeHashes.Of(salt, codes);
    }

    /// <summary>Each code as likely as any other.</summary>
    private static uint RecoveryCode()
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        uint number;
        do
        {
            SysRandom.Fill(random);
            number = BitConverter.ToUInt32(random);
        }
        while (number >= uint.MaxValue / CodeCount * CodeCount);

        CryptographicOperations.ZeroMemory(random);
        return LeastCode + (number % CodeCount);
    }
}
