using System.Text;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>A dialogue as it stands in transcripts/, with what chance made replaced by what it is.</summary>
internal static partial class Transcript
{
    /// <summary>Compares with the file of that name. What was seen instead is left below artifacts.</summary>
    public static void MustBe(string name, string seen)
    {
        string masked = Mask(seen);
        string path = Path.Combine(Built.Root, "tests", "EndToEnd", "Enrolment", "transcripts", name);
        string expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (expected != masked)
        {
            string actual = Path.Combine(Directory.CreateDirectory(
                Path.Combine(Built.Root, "artifacts", "transcripts")).FullName, name);
            File.WriteAllText(actual, masked);
            Assert.Fail($"not as in {path}, but as in {actual}:\n{masked}");
        }

        // A URI is as long as it is, and so is glibc's list of what a cut option may mean.
        Assert.All(masked.Split('\n').Where(line => !line.StartsWith("otpauth:", StringComparison.Ordinal)
            && !line.Contains("is ambiguous; possibilities:", StringComparison.Ordinal)),
            line => Assert.InRange(line.Length, 0, Typist.Columns));
        Assert.All(Drawn(seen), line => Assert.InRange(line.Length, 1, Typist.Columns));
    }

    /// <summary>The lines of a drawn QR code, without the colours.</summary>
    public static string[] Drawn(string seen) =>
        [.. seen.Split('\n').Select(Plain).Where(line => QrLine().IsMatch(line))];

    /// <summary>Without the escape sequences.</summary>
    public static string Plain(string line) => Escape().Replace(line, "");

    private static string Mask(string seen)
    {
        StringBuilder masked = new();
        int drawn = 0;
        foreach (string line in seen.TrimEnd('\n').Split('\n'))
        {
            bool isQr = QrLine().IsMatch(Plain(line));
            if (isQr && drawn++ == 0)
            {
                string[] all = Drawn(seen);
                string colours = string.Concat(Escape().Matches(line).Select(m => m.Value[1..] + " "));
                masked.Append($"[QR: {all.Length} lines of {all.Max(l => l.Length)} columns, from {colours.Trim()}]\n");
            }
            else if (!isQr)
            {
                masked.Append(Chance(line)).Append('\n');
            }
        }

        return masked.ToString();
    }

    private static string Chance(string line)
    {
        line = Code().Replace(Secret().Replace(line, "SECRET"), "  CODE");
        return Shown().Replace(Typed().Replace(line, "$1PASSCODE"), "$1PASSCODE");
    }

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Escape();

    [GeneratedRegex("^[ █▀▄]{30,}$")]
    private static partial Regex QrLine();

    [GeneratedRegex("[A-Z2-7]{32}")]
    private static partial Regex Secret();

    [GeneratedRegex("^  [1-9][0-9]{7}$")]
    private static partial Regex Code();

    [GeneratedRegex("^(Enter code from app: )(?!000000)[0-9]{6}$")]
    private static partial Regex Typed();

    [GeneratedRegex("^(Your verification code for code 1 is )[0-9]{6}$")]
    private static partial Regex Shown();
}
