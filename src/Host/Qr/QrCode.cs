using System.Collections;
using System.Text;
using QRCoder;

namespace Sallyport.Host.Qr;

/// <summary>A QR code as modules, without the quiet zone around it (ISO/IEC 18004).</summary>
internal sealed class QrCode
{
    /// <summary>What the largest code holds in byte mode at the lowest level of error correction.</summary>
    public const int MaxBytes = 2953;

    private const int LibraryQuietZone = 4;

    private readonly List<BitArray> _matrix;

    private QrCode(List<BitArray> matrix) => _matrix = matrix;

    /// <summary>How many modules it has in a line, and how many lines.</summary>
    public int Size => _matrix.Count - (2 * LibraryQuietZone);

    /// <summary>
    /// The code of a text, with the correction that such URIs usually have (M, a damaged 15 %) where that is not wider
    /// than asked for, else with less (L, 7 %), which a clean screen can do with; null if neither fits.
    /// </summary>
    public static QrCode? Encode(string text, int maxSize)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        QrCode? code = Encode(bytes, QRCodeGenerator.ECCLevel.M);
        code = code?.Size <= maxSize ? code : Encode(bytes, QRCodeGenerator.ECCLevel.L);
        Array.Clear(bytes);
        return code?.Size <= maxSize ? code : null;
    }

    /// <summary>Whether a module is dark; outside lies the quiet zone, which is light.</summary>
    public bool IsDark(int row, int column) =>
        row >= 0 && row < Size && column >= 0 && column < Size
        && _matrix[row + LibraryQuietZone][column + LibraryQuietZone];

    private static QrCode? Encode(byte[] bytes, QRCodeGenerator.ECCLevel level)
    {
        // Byte mode: the text of a URI has lower-case letters, which the denser modes have not.
        int capacity = level is QRCodeGenerator.ECCLevel.M ? 2331 : MaxBytes;
        return bytes.Length > capacity ? null : new(QRCodeGenerator.GenerateQrCode(bytes, level).ModuleMatrix);
    }
}
