using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>
/// The secret K that an authenticator and its verifier share (RFC 4226 section 5.1). It cannot be printed, has no
/// equality of value, lives in memory that the garbage collector does not copy, and is wiped when disposed.
/// </summary>
public sealed class OtpSecret : IDisposable
{
    private readonly byte[] _key;
    private bool _disposed;

    private OtpSecret(int length) => _key = GC.AllocateUninitializedArray<byte>(length, pinned: true);

    /// <summary>Copies a secret of at least one byte.</summary>
    /// <param name="key">The bytes of K; the caller wipes his own copy.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is empty.</exception>
    public static OtpSecret FromBytes(ReadOnlySpan<byte> key)
    {
        if (key.IsEmpty)
        {
            throw new ArgumentException("A secret has at least one byte.", nameof(key));
        }

        OtpSecret secret = new(key.Length);
        key.CopyTo(secret._key);
        return secret;
    }

    /// <summary>
    /// Decodes a secret as the state file writes it: upper and lower case, blanks, TAB, CR, LF and hyphens passed
    /// over, the digits 0, 1 and 8 read as the letters they resemble. False if another byte appears or if fewer than
    /// eight bits are left.
    /// </summary>
    /// <param name="base32">The text; nothing of it is kept.</param>
    /// <param name="secret">The secret, which the caller disposes of; null if the text is none.</param>
    public static bool TryParse(ReadOnlySpan<byte> base32, [NotNullWhen(true)] out OtpSecret? secret)
    {
        secret = null;
        if (!Base32.TryMeasureLenient(base32, out int length) || length == 0)
        {
            return false;
        }

        secret = new(length);
        Base32.DecodeLenient(base32, secret._key);
        return true;
    }

    /// <summary>The bytes of K, valid until <see cref="Dispose"/>. Never log, format or compare them.</summary>
    /// <exception cref="ObjectDisposedException">The secret has been wiped.</exception>
    public ReadOnlySpan<byte> Expose()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _key;
    }

    /// <summary>The same text for every secret.</summary>
    public override string ToString() => "[otp secret]";

    /// <summary>Wipes the secret.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_key);
    }
}
