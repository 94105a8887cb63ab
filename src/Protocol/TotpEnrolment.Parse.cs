using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>Reading: everything must be as it would be written, or nothing of it counts.</summary>
public sealed partial class TotpEnrolment
{
    private const int NoLine = -1;

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

        int culprit = NoLine;
        enrolment = Build(lines, ref culprit);
        if (enrolment is null)
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
        ReadOnlySpan<byte> written = WithoutPadding(text);
        return written[(written.LastIndexOf(LineFeed) + 1)..];
    }

    private static ReadOnlySpan<byte> WithoutPadding(ReadOnlySpan<byte> text) =>
        text[..(text.LastIndexOfAnyExcept(LineFeed) + 1)];

    /// <summary>The last line is the checksum of all lines before it.</summary>
    private static bool TryCheck(ReadOnlySpan<byte> text, out int checkedLength)
    {
        ReadOnlySpan<byte> written = WithoutPadding(text);
        checkedLength = written.LastIndexOf(LineFeed) + 1;
        Span<byte> line = stackalloc byte[ChecksumName.Length + (2 * Sha256.DigestBytes)];
        WriteChecksum(text[..checkedLength], line);
        return written[checkedLength..].SequenceEqual(line);
    }

    /// <param name="culprit">The first line whose value is not allowed; it stays as it was where all are.</param>
    private static TotpEnrolment? Build(EnrolmentLines lines, ref int culprit)
    {
        TotpSettings settings = new()
        {
            Mode = IsFirst(lines, EnrolmentLines.Mode, "totp"u8, "hotp"u8, ref culprit) ? OtpMode.Totp : OtpMode.Hotp,
            Digits = Number(lines, EnrolmentLines.Digits, 6, 8, ref culprit),
            Algorithm = ParseAlgorithm(lines, ref culprit),
            PeriodSeconds = Number(lines, EnrolmentLines.Period, 1, 60, ref culprit),
            Window = Number(lines, EnrolmentLines.Window, 1, 100, ref culprit),
            Limit = ParseLimit(lines, ref culprit),
            RefusesReuse = IsFirst(lines, EnrolmentLines.Reuse, "refuse"u8, "allow"u8, ref culprit),
            IsStrict = IsFirst(lines, EnrolmentLines.Strict, "yes"u8, "no"u8, ref culprit),
            LearnsSkew = IsFirst(lines, EnrolmentLines.Skew, "yes"u8, "no"u8, ref culprit),
        };
        if (!TryNumber(lines[EnrolmentLines.Enrolled], 0, CNumber.FarthestMoment, out long enrolledAt))
        {
            Blame(EnrolmentLines.Enrolled, ref culprit);
        }

        RecoveryCodeHashes? codes = ParseRecoveryCodes(lines, ref culprit);
        List<Notice> notices = ParseNotices(lines, ref culprit);
        if (codes is null)
        {
            Blame(EnrolmentLines.RecoverySalt, ref culprit);
        }

        if (culprit != NoLine)
        {
            return null;
        }

        if (!OtpSecret.TryParse(lines[EnrolmentLines.Secret], out OtpSecret? secret)
            || secret.Expose().Length > MaxSecretBytes)
        {
            secret?.Dispose();
            culprit = EnrolmentLines.Secret;
            return null;
        }

        return new(secret, settings, enrolledAt, codes, notices);
    }

    private static OtpAlgorithm ParseAlgorithm(EnrolmentLines lines, ref int culprit)
    {
        ReadOnlySpan<byte> value = lines[EnrolmentLines.Algorithm];
        foreach (OtpAlgorithm algorithm in (ReadOnlySpan<OtpAlgorithm>)
            [OtpAlgorithm.Sha1, OtpAlgorithm.Sha256, OtpAlgorithm.Sha512])
        {
            if (value.SequenceEqual(NameOf(algorithm)))
            {
                return algorithm;
            }
        }

        Blame(EnrolmentLines.Algorithm, ref culprit);
        return default;
    }

    private static AttemptLimit? ParseLimit(EnrolmentLines lines, ref int culprit)
    {
        ReadOnlySpan<byte> value = lines[EnrolmentLines.RateLimit];
        if (value.SequenceEqual("off"u8))
        {
            return null;
        }

        int blank = value.IndexOf((byte)' ');
        if (blank < 0 || !TryNumber(value[..blank], 1, 100, out long attempts)
            || !TryNumber(value[(blank + 1)..], 1, 3600, out long seconds))
        {
            Blame(EnrolmentLines.RateLimit, ref culprit);
            return null;
        }

        return new((int)attempts, (int)seconds);
    }

    private static RecoveryCodeHashes? ParseRecoveryCodes(EnrolmentLines lines, ref int culprit)
    {
        List<byte[]> hashes = [];
        for (int line = EnrolmentLines.Recovery; line < EnrolmentLines.Notice; line++)
        {
            if (lines.LineOf(line) == 0)
            {
                continue;
            }

            byte[]? hash = Hex(lines[line], Sha256.DigestBytes);
            if (hash is null)
            {
                Blame(line, ref culprit);
            }

            hashes.Add(hash ?? []);
        }

        return RecoveryCodeHashes.FromHashes(
            Hex(lines[EnrolmentLines.RecoverySalt], RecoveryCodeHashes.SaltBytes), [.. hashes]);
    }

    private static List<Notice> ParseNotices(EnrolmentLines lines, ref int culprit)
    {
        List<Notice> notices = [];
        for (int line = EnrolmentLines.Notice; line < EnrolmentLines.Notice + Notice.MaxNotices; line++)
        {
            if (lines.LineOf(line) == 0)
            {
                continue;
            }

            ReadOnlySpan<byte> value = lines[line];
            int blank = value.IndexOf((byte)' ');
            bool valid = TryNumber(value[..Math.Max(blank, 0)], 1, uint.MaxValue, out long number);
            Notice notice = new((uint)number, Encoding.UTF8.GetString(value[(blank + 1)..]));
            if (!valid || !Follows(notices is [.., Notice last] ? last.Number : 0, notice))
            {
                Blame(line, ref culprit);
            }

            notices.Add(notice);
        }

        return notices;
    }

    /// <summary>Whether the value is the first of two words.</summary>
    private static bool IsFirst(
        EnrolmentLines lines, int line, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ref int culprit)
    {
        bool isFirst = lines[line].SequenceEqual(first);
        if (!isFirst && !lines[line].SequenceEqual(second))
        {
            Blame(line, ref culprit);
        }

        return isFirst;
    }

    private static int Number(EnrolmentLines lines, int line, int least, int greatest, ref int culprit)
    {
        if (!TryNumber(lines[line], least, greatest, out long number))
        {
            Blame(line, ref culprit);
        }

        return (int)number;
    }

    private static void Blame(int line, ref int culprit) => culprit = culprit == NoLine ? line : culprit;

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
        CryptographicOperations.ZeroMemory(written[..length]);
        return same;
    }
}
