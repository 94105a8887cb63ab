using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Sallyport.Server.Persistence;

/// <summary>
/// Secrets at rest. What is protected opens only as the kind and for the row that it was made for: a ciphertext that
/// was moved to another row is refused.
/// </summary>
internal sealed class Secrets(KeyRing ring)
{
    public byte[] Protect(SecretKind kind, Guid row, byte[] secret) => Protector(kind, row).Protect(secret);

    /// <summary>The caller wipes what he gets.</summary>
    /// <exception cref="CryptographicException">Changed, of another row or kind, or of a lost key.</exception>
    public byte[] Unprotect(SecretKind kind, Guid row, byte[] ciphertext) => Protector(kind, row).Unprotect(ciphertext);

    private IDataProtector Protector(SecretKind kind, Guid row) => ring.Protection.CreateProtector(
        kind switch
        {
            SecretKind.SecretKey => "skey",
            SecretKind.Otp => "otp",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        },
        row.ToString("N"));
}

internal enum SecretKind
{
    None,

    /// <summary>An application's skey.</summary>
    SecretKey,

    /// <summary>A device's K.</summary>
    Otp,
}
