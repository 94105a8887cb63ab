using System.Text;

namespace Sallyport.Host.Qr;

/// <summary>Draws a QR code with characters.</summary>
internal static class QrDrawing
{
    private const string Reset = "\e[0m";
    private const string BlackOnGrey = "\e[30;47;27m";
    private const string InverseVideo = "\e[7m";
    private const string PlainVideo = "\e[27m";

    // The standard wants four modules around it. Two are what google-authenticator's code has and phones can do with.
    private const int QuietZone = 2;

    private static bool IsBlocks(QrMode mode) => mode is QrMode.Utf8 or QrMode.Utf8Inverse or QrMode.Utf8Grey;

    /// <summary>The drawing, not wider than so many columns; null if that cannot be.</summary>
    public static string? Draw(string text, QrMode mode, int columns)
    {
        // Without its half blocks a module is two columns wide, and the quiet zone may shrink to one module.
        int maxSize = IsBlocks(mode) ? columns - (2 * QuietZone) : (columns / 2) - 2;
        if (QrCode.Encode(text, maxSize) is not QrCode code)
        {
            return null;
        }

        return IsBlocks(mode) ? Blocks(code, mode) : Spaces(code, mode, columns);
    }

    private static string Blocks(QrCode code, QrMode mode)
    {
        StringBuilder drawing = new();
        for (int row = -QuietZone; row < code.Size + QuietZone; row += 2)
        {
            drawing.Append(mode is QrMode.Utf8Grey ? BlackOnGrey : "");
            for (int column = -QuietZone; column < code.Size + QuietZone; column++)
            {
                bool inverse = mode is QrMode.Utf8Inverse;
                bool upper = code.IsDark(row, column) != inverse;
                bool lower = code.IsDark(row + 1, column) != inverse;
                drawing.Append((upper, lower) switch
                {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }

            drawing.Append(mode is QrMode.Utf8Grey ? Reset : "").Append('\n');
        }

        return drawing.ToString();
    }

    private static string Spaces(QrCode code, QrMode mode, int columns)
    {
        string margin = new(' ', Math.Min(2 * QuietZone, (columns - (2 * code.Size)) / 2));
        StringBuilder drawing = new();
        for (int row = -QuietZone; row < code.Size + QuietZone; row++)
        {
            bool video = false;
            drawing.Append(mode is QrMode.AnsiGrey ? BlackOnGrey : "");
            Light();
            drawing.Append(margin);
            for (int column = 0; column < code.Size; column++)
            {
                Switch(code.IsDark(row, column) != mode is QrMode.AnsiInverse);
                drawing.Append("  ");
            }

            Light();
            drawing.Append(margin).Append(Reset).Append('\n');

            void Light() => Switch(mode is QrMode.AnsiInverse);

            void Switch(bool inverse)
            {
                drawing.Append(inverse == video ? "" : inverse ? InverseVideo : PlainVideo);
                video = inverse;
            }
        }

        return drawing.ToString();
    }
}
