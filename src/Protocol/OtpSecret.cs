using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>
/// The secret K that an authenticator and its verifier share (RFC 4226 section 5.1). It cannot be printed, has no
/// equality of value, lives in memory that the garbage collector does not copy, and is wiped when disposed.
/// </summary>
public sealed class OtpSecret : IDisposable
{
    private const int UsualBytes = 64; // what HMAC takes without hashing it first
    private const int MostSpare = 8;

    // Memory that the collector does not move is slow to get, and a login needs some for each copy that it makes.
    [ThreadStatic]
    private static Stack<byte[]>? _spare;

    private readonly byte[] _memory;
    private readonly int _length;
    private bool _disposed;

    private OtpSecret(int length)
    {
        _length = length;
        _memory = length <= UsualBytes && _spare is not null && _spare.TryPop(out byte[]? wiped)
            ? wiped
            : GC.AllocateUninitializedArray<byte>(Math.Max(length, UsualBytes), pinned: true);
    }

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
        key.CopyTo(secret._memory);
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
        Base32.DecodeLenient(base32, secret._memory.AsSpan(0, length));
        return true;
    }

    /// <summary>The bytes of K, valid until <see cref="Dispose"/>. Never log, format or compare them.</summary>
    /// <exception cref="ObjectDisposedException">The secret has been wiped.</exception>
    public ReadOnlySpan<byte> Expose()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _memory.AsSpan(0, _length);
    }

    /// <summary>The same text for every secret.</summary>
    public override string ToString() => "[otp secret]";

    /// <summary>Wipes the secret.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        CryptographicOperations.ZeroMemory(_memory);
        _spare ??= new Stack<byte[]>(MostSpare);
        if (_memory.Length == UsualBytes && _spare.Count < MostSpare)
        {
            _spare.Push(_memory);
        }
    }
}
