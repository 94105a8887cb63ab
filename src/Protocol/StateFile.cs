using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sallyport.Protocol;

/// <summary>
/// The state file of google-authenticator, <c>~/.google_authenticator</c>, as docs/formats/state-file.md defines it.
/// It is read and edited in place as bytes: nothing is decoded, and whatever an edit does not concern stays as it was,
/// byte for byte. A file that parses need not have a usable secret, and each option is judged when it is asked for.
/// Not safe for use by two threads. It holds the secret and the recovery codes in clear: dispose of it.
/// </summary>
public sealed partial class StateFile : IOtpState, IDisposable
{
    /// <summary>The greatest size of a state file in bytes; the least is 1.</summary>
    public const int MaxBytes = 65536;

    private const byte LineFeed = (byte)'\n';

    // Room for what a login usually adds, so that the secret is seldom moved.
    private const int Slack = 512;

    private byte[] _buffer;
    private int _length;
    private bool _disposed;

    private StateFile(ReadOnlySpan<byte> bytes)
    {
        _buffer = Allocate(bytes.Length + Slack);
        bytes.CopyTo(_buffer);
        _length = bytes.Length;
    }

    /// <summary>Whether an edit has altered a byte, so that the file must be written.</summary>
    public bool Changed { get; private set; }

    /// <summary>
    /// Whether the edited text is still within <see cref="MaxBytes"/>. One that is not could never be read again, so
    /// whoever writes the file refuses instead.
    /// </summary>
    public bool Fits => _length <= MaxBytes;

    /// <summary>
    /// What moves the passcodes: the counter if it is at least 1, else the clock if <c>" TOTP_AUTH</c> appears
    /// anywhere in the file (not only as a line of its own), else nothing.
    /// </summary>
    public OtpMode Mode =>
        HotpCounter >= 1 ? OtpMode.Hotp
        : Text.IndexOf("\" TOTP_AUTH"u8) >= 0 ? OtpMode.Totp
        : OtpMode.None;

    private ReadOnlySpan<byte> Text
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _buffer.AsSpan(0, _length);
        }
    }

    /// <summary>Takes the bytes of a whole file if their number is allowed and no NUL is among them.</summary>
    /// <param name="bytes">The bytes; they are copied.</param>
    /// <param name="file">The file; null unless the answer is <see cref="StateFileProblem.None"/>.</param>
    public static StateFileProblem TryParse(ReadOnlySpan<byte> bytes, out StateFile? file)
    {
        file = null;
        if (bytes.Length is 0 or > MaxBytes)
        {
            return StateFileProblem.Size;
        }

        if (bytes.Contains((byte)0))
        {
            return StateFileProblem.Nul;
        }

        file = new(bytes);
        return StateFileProblem.None;
    }

    /// <summary>Decodes the first line, up to the first LF; see <see cref="OtpSecret.TryParse"/>.</summary>
    /// <param name="secret">The secret, which the caller disposes of; null if the line is none.</param>
    public bool TryGetSecret([NotNullWhen(true)] out OtpSecret? secret)
    {
        int end = Text.IndexOf(LineFeed);
        return OtpSecret.TryParse(end < 0 ? Text : Text[..end], out secret);
    }

    /// <summary>A copy of the text with all edits. The caller wipes it when it is written.</summary>
    /// <exception cref="InvalidOperationException">The text does not fit; see <see cref="Fits"/>.</exception>
    public byte[] ToBytes() =>
        Fits ? Text.ToArray() : throw new InvalidOperationException("The state file has outgrown its greatest size.");

    /// <summary>The same text for every file.</summary>
    public override string ToString() => "[state file]";

    /// <summary>Wipes the text.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_buffer);
    }

    private static byte[] Allocate(int capacity) => GC.AllocateUninitializedArray<byte>(capacity, pinned: true);

    /// <summary>Puts other bytes in the place of start up to stop, and wipes what is left behind.</summary>
    private void Splice(int start, int stop, ReadOnlySpan<byte> replacement)
    {
        if (Text[start..stop].SequenceEqual(replacement))
        {
            return;
        }

        Changed = true;
        int tail = start + replacement.Length;
        int length = tail + _length - stop;
        byte[] target = length <= _buffer.Length ? _buffer : Allocate(length + Slack);
        Text[stop..].CopyTo(target.AsSpan(tail));
        if (target != _buffer)
        {
            Text[..start].CopyTo(target);
            CryptographicOperations.ZeroMemory(_buffer);
        }
        else if (length < _length)
        {
            CryptographicOperations.ZeroMemory(target.AsSpan(length, _length - length));
        }

        replacement.CopyTo(target.AsSpan(start));
        (_buffer, _length) = (target, length);
    }
}
