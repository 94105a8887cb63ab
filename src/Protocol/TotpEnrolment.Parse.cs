using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>Reading: everything must be as it would be written, or nothing of it counts.</summary>
public sealed partial class TotpEnrolment
{
    private byte[] _checksum = []; // of what this was read from; empty where it was not

    private static readonly SearchValues<byte> _hexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Reads a text with its checksum and its padding.</summary>
    /// <param name="text">The bytes; nothing of them is kept.</param>
    /// <param name="enrolment">The enrolment; null unless nothing is wrong.</param>
    public static TotpFault TryParse(ReadOnlySpan<byte> text, out TotpEnrolment? enrolment)
    {
        enrolment = null;
        if (text.Length != TextBytes)
        {
            return new(TotpProblem.Size);
        }

        if (!text.StartsWith(FirstLine))
        {
            return new(TotpProblem.Version, 1);
        }

        if (!TryCheck(text, out int checkedLength))
        {
            return new(TotpProblem.Checksum);
        }

        TotpFault fault = EnrolmentLines.TrySplit(text[..checkedLength], out EnrolmentLines lines);
        if (fault.Problem is not TotpProblem.None)
        {
            return fault;
        }

        if (!TryBuild(lines, out enrolment, out string? culprit))
        {
            return new(TotpProblem.BadValue, lines.LineOf(culprit));
        }

        if (!enrolment.IsWrittenAs(text))
        {
            enrolment.Dispose();
            enrolment = null;
            return new(TotpProblem.NotCanonical);
        }

        enrolment._checksum = LastLine(text).ToArray();
        return fault;
    }

    /// <summary>Whether a text has the checksum of the one that this was read from.</summary>
    internal bool HasChecksumOf(ReadOnlySpan<byte> text) => _checksum.Length > 0 && LastLine(text).SequenceEqual(_checksum);

    private static ReadOnlySpan<byte> LastLine(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> written = text.TrimEnd(LineFeed);
        return written[(written.LastIndexOf(LineFeed) + 1)..];
    }

    /// <summary>The last line is the checksum of all lines before it.</summary>
    private static bool TryCheck(ReadOnlySpan<byte> text, out int checkedLength)
    {
        ReadOnlySpan<byte> written = text.TrimEnd(LineFeed);
        checkedLength = written.LastIndexOf(LineFeed) + 1;
        ReadOnlySpan<byte> last = written[checkedLength..];
        Span<byte> digest = stackalloc byte[Sha256.DigestBytes];
        Sha256.Hash(text[..checkedLength], digest);
        return last.StartsWith(ChecksumName)
            && last[ChecksumName.Length..].SequenceEqual(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(digest)));
    }

    private static bool TryBuild(
        EnrolmentLines lines,
        [NotNullWhen(true)] out TotpEnrolment? enrolment,
        [NotNullWhen(false)] out string? culprit)
    {
        enrolment = null;
        culprit = null;
        TotpSettings settings = new()
        {
            Mode = OneOf(lines, "mode", ref culprit, "totp", "hotp") == 0 ? OtpMode.Totp : OtpMode.Hotp,
            Digits = Number(lines, "digits", 6, 8, ref culprit),
            Algorithm = OtpAlgorithm.Sha1 + OneOf(lines, "algorithm", ref culprit, "sha1", "sha256", "sha512"),
            PeriodSeconds = Number(lines, "period", 1, 60, ref culprit),
            Window = Number(lines, "window", 1, 100, ref culprit),
            Limit = ParseLimit(lines, ref culprit),
            RefusesReuse = OneOf(lines, "reuse", ref culprit, "refuse", "allow") == 0,
            IsStrict = OneOf(lines, "strict", ref culprit, "yes", "no") == 0,
            LearnsSkew = OneOf(lines, "skew", ref culprit, "yes", "no") == 0,
        };
        bool dated = TryNumber(lines["enrolled"], 0, CNumber.FarthestMoment, out long enrolledAt);
        culprit ??= dated ? null : "enrolled";
        RecoveryCodeHashes? codes = ParseRecoveryCodes(lines, ref culprit);
        List<Notice> notices = ParseNotices(lines, ref culprit);
        if (culprit is not null || codes is null)
        {
            culprit ??= "recovery_salt";
            return false;
        }

        if (!OtpSecret.TryParse(lines["secret"], out OtpSecret? secret) || secret.Expose().Length > MaxSecretBytes)
        {
            secret?.Dispose();
            culprit = "secret";
            return false;
        }

        enrolment = new(secret, settings, enrolledAt, codes, notices);
        return true;
    }

    private static AttemptLimit? ParseLimit(EnrolmentLines lines, ref string? culprit)
    {
        ReadOnlySpan<byte> value = lines["rate_limit"];
        if (value.SequenceEqual("off"u8))
        {
            return null;
        }

        int blank = value.IndexOf((byte)' ');
        if (blank < 0 || !TryNumber(value[..blank], 1, 100, out long attempts)
            || !TryNumber(value[(blank + 1)..], 1, 3600, out long seconds))
        {
            culprit ??= "rate_limit";
            return null;
        }

        return new((int)attempts, (int)seconds);
    }

    private static RecoveryCodeHashes? ParseRecoveryCodes(EnrolmentLines lines, ref string? culprit)
    {
        List<byte[]> hashes = [];
        for (int i = 0; i < RecoveryCodeHashes.MaxCodes; i++)
        {
            string name = $"{EnrolmentLines.Recovery}{Decimal(i)}";
            if (lines.LineOf(name) != 0)
            {
                byte[]? hash = Hex(lines[name], Sha256.DigestBytes);
                culprit ??= hash is null ? name : null;
                hashes.Add(hash ?? []);
            }
        }

        return RecoveryCodeHashes.FromHashes(Hex(lines["recovery_salt"], RecoveryCodeHashes.SaltBytes), [.. hashes]);
    }

    private static List<Notice> ParseNotices(EnrolmentLines lines, ref string? culprit)
    {
        List<Notice> notices = [];
        for (int i = 0; i < Notice.MaxNotices; i++)
        {
            string name = $"{EnrolmentLines.Notice}{Decimal(i)}";
            if (lines.LineOf(name) == 0)
            {
                continue;
            }

            ReadOnlySpan<byte> value = lines[name];
            int blank = value.IndexOf((byte)' ');
            bool valid = TryNumber(value[..Math.Max(blank, 0)], 1, uint.MaxValue, out long number);
            notices.Add(new((uint)number, Encoding.UTF8.GetString(value[(blank + 1)..])));
            culprit ??= valid && AreNotices(notices) ? null : name;
        }

        return notices;
    }

    private static int OneOf(EnrolmentLines lines, string name, ref string? culprit, params ReadOnlySpan<string> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            if (Ascii.Equals(lines[name], words[i]))
            {
                return i;
            }
        }

        culprit ??= name;
        return 0;
    }

    private static int Number(EnrolmentLines lines, string name, int least, int greatest, ref string? culprit)
    {
        bool valid = TryNumber(lines[name], least, greatest, out long number);
        culprit ??= valid ? null : name;
        return (int)number;
    }

    private static bool TryNumber(ReadOnlySpan<byte> value, long least, long greatest, out long number)
    {
        bool valid = Utf8Parser.TryParse(value, out number, out int length) && length == value.Length
            && number >= least && number <= greatest;
        number = valid ? number : least;
        return valid;
    }

    private static byte[]? Hex(ReadOnlySpan<byte> value, int length)
    {
        byte[] bytes = new byte[length];
        return value.Length == 2 * length && !value.ContainsAnyExcept(_hexDigits)
            && Convert.FromHexString(value, bytes, out _, out _) is OperationStatus.Done
            ? bytes
            : null;
    }

    private bool IsWrittenAs(ReadOnlySpan<byte> text)
    {
        Span<byte> written = stackalloc byte[TextBytes];
        int length = WriteChecked(written);
        bool same = text[..length].SequenceEqual(written[..length]) && text[length..].StartsWith(ChecksumName);
        CryptographicOperations.ZeroMemory(written);
        return same;
    }
}
