using Sallyport.Host.Qr;

namespace Sallyport.Cli.Terminal;

/// <summary>A secret in every form that an app takes: code, key, URI. Each text is shown once and wiped.</summary>
internal static class KeyDisplay
{
    /// <exception cref="IOException">Nobody can see it.</exception>
    public static void Show(string uri, string base32, QrMode mode)
    {
        mode = mode is not QrMode.Unset ? mode : Screen.IsUtf8 ? QrMode.Utf8Grey : QrMode.AnsiGrey;
        if (mode is not QrMode.None)
        {
            ShowCode(uri, mode);
        }

        Screen.Write("Your new secret key is: ");
        Screen.WriteOnce(base32);
        Screen.Write("\nThe same for an app that takes a URI:\n");
        Screen.WriteOnce(uri);
        Screen.Write("\n");
    }

    private static void ShowCode(string uri, QrMode mode)
    {
        if (QrDrawing.Draw(uri, mode, Screen.Columns) is string drawing)
        {
            Screen.WriteOnce(drawing);
        }
        else
        {
            Screen.Write("The QR code is wider than this terminal: make that wider, or type in the key.\n");
        }
    }
}
