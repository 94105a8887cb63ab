namespace Sallyport.Host.Qr;

/// <summary>How a QR code is drawn (-Q). Zero is "nobody has said": the terminal decides.</summary>
internal enum QrMode
{
    Unset,
    None,

    /// <summary>Two columns for a module, dark ones in inverse video: for dark text on a light ground.</summary>
    Ansi,

    /// <summary>The same for light text on a dark ground.</summary>
    AnsiInverse,

    /// <summary>The same in colours of its own, black on grey, whatever the terminal's are.</summary>
    AnsiGrey,

    /// <summary>Half blocks, one column for a module and one line for two: for dark text on a light ground.</summary>
    Utf8,
    Utf8Inverse,
    Utf8Grey,
}

internal static class QrModeNames
{
    /// <summary>The names in any case, with '-' for '_' where somebody prefers that.</summary>
    public static bool TryParse(string name, out QrMode mode)
    {
        mode = name.Replace('-', '_').ToUpperInvariant() switch
        {
            "NONE" => QrMode.None,
            "ANSI" => QrMode.Ansi,
            "ANSI_INVERSE" => QrMode.AnsiInverse,
            "ANSI_GREY" => QrMode.AnsiGrey,
            "UTF8" => QrMode.Utf8,
            "UTF8_INVERSE" => QrMode.Utf8Inverse,
            "UTF8_GREY" => QrMode.Utf8Grey,
            _ => QrMode.Unset,
        };
        return mode is not QrMode.Unset;
    }
}
