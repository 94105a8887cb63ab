namespace Sallyport.EndToEnd.Enrolment;

/// <summary>A QR code read from its drawing; true is a dark module (ISO/IEC 18004, versions 2 to 6).</summary>
internal sealed class ReadCode(bool[][] modules)
{
    public int Size => modules.Length;

    /// <summary>Section 7.9: the fifteen bits around the upper left finder, without their mask.</summary>
    private int Format
    {
        get
        {
            (int Row, int Column)[] places =
            [
                (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8),
                (7, 8), (5, 8), (4, 8), (3, 8), (2, 8), (1, 8), (0, 8),
            ];
            int bits = places.Aggregate(0, (read, at) => (read << 1) | (modules[at.Row][at.Column] ? 1 : 0));
            return bits ^ 0x5412;
        }
    }

    public char Level => "MLHQ"[Format >> 13];

    private int Mask => (Format >> 10) & 7;

    /// <summary>
    /// Its modules without the mask and the format, which an encoder is free to choose: of one text, version and level
    /// there is then one code.
    /// </summary>
    public string Bare() => string.Join('\n', Enumerable.Range(0, Size).Select(row => string.Concat(
        Enumerable.Range(0, Size).Select(column =>
            IsFormat(row, column) ? '?'
            : (modules[row][column] ^ (!IsPattern(row, column) && IsMasked(row, column))) ? '#' : '.'))));

    /// <summary>From half blocks: a character is a module and the one below it.</summary>
    public static ReadCode FromBlocks(string[] lines, bool inverse) => Cropped(
        [.. lines.SelectMany(line => (bool[][])
            [
                [.. line.Select(c => (c is '█' or '▀') != inverse)],
                [.. line.Select(c => (c is '█' or '▄') != inverse)],
            ])]);

    /// <summary>From escape sequences: two columns are a module, dark where the video is inverse.</summary>
    public static ReadCode FromVideo(string[] lines, bool inverse) => Cropped(
        [.. lines.Select(line =>
            {
                List<bool> row = [];
                bool video = false;
                for (int i = 0; i < line.Length; i++)
                {
                    if (line[i] == '\e')
                    {
                        int end = line.IndexOf('m', i);
                        video = line[i..end] switch { "\e[7" => true, "\e[27" => false, _ => video };
                        i = end;
                    }
                    else
                    {
                        row.Add(video != inverse);
                    }
                }

                int margin = row.TakeWhile(dark => !dark).Count() % 2; // the quiet zone may be one and a half modules
                return row.Skip(margin).Where((_, column) => column % 2 == 0).ToArray();
            })]);

    /// <summary>From qrencode -t ASCII -m 0.</summary>
    public static ReadCode FromAscii(string[] lines) =>
        new([.. lines.Select(line => line.Where((_, column) => column % 2 == 0).Select(c => c == '#').ToArray())]);

    private static ReadCode Cropped(bool[][] drawn)
    {
        bool[] first = drawn.First(row => row.Contains(true));
        int top = Array.IndexOf(drawn, first);
        int left = Array.IndexOf(first, true);
        int size = Array.LastIndexOf(first, true) - left + 1; // finders stand in both upper corners
        return new([.. drawn.Skip(top).Take(size).Select(row => row.Skip(left).Take(size).ToArray())]);
    }

    private bool IsPattern(int row, int column) =>
        (row < 9 && column < 9) || (row < 9 && column >= Size - 8) || (row >= Size - 8 && column < 9)
        || row == 6 || column == 6
        || (Math.Abs(row - (Size - 7)) <= 2 && Math.Abs(column - (Size - 7)) <= 2);

    private bool IsFormat(int row, int column) =>
        (row == 8 && column != 6 && (column < 9 || column >= Size - 8))
        || (column == 8 && row != 6 && (row < 9 || row >= Size - 8));

    private bool IsMasked(int i, int j) => Mask switch
    {
        0 => (i + j) % 2,
        1 => i % 2,
        2 => j % 3,
        3 => (i + j) % 3,
        4 => ((i / 2) + (j / 3)) % 2,
        5 => (i * j % 2) + (i * j % 3),
        6 => ((i * j % 2) + (i * j % 3)) % 2,
        _ => (((i + j) % 2) + (i * j % 3)) % 2,
    } == 0;
}
