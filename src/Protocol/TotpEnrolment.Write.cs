using System.Buffers.Text;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>The one way in which an enrolment is written.</summary>
public sealed partial class TotpEnrolment
{
    private const byte LineFeed = (byte)'\n';
    private const int MostDigits = 20;

    private static ReadOnlySpan<byte> FirstLine => "version = 1\n"u8;

    private static ReadOnlySpan<byte> ChecksumName => "checksum = "u8;

    /// <summary>Writes the text with its checksum and its padding.</summary>
    /// <param name="text">4096 bytes, which the caller wipes when they are written.</param>
    public void Write(Span<byte> text)
    {
        text = text[..TextBytes];
        int length = WriteChecked(text);
        text[length..].Fill(LineFeed);
        WriteChecksum(text[..length], text[length..]);
    }

    private static void WriteChecksum(ReadOnlySpan<byte> lines, Span<byte> line)
    {
        Span<byte> digest = stackalloc byte[Sha256.DigestBytes];
        Sha256.Hash(lines, digest);
        ChecksumName.CopyTo(line);
        Hex(digest, line[ChecksumName.Length..]);
    }

    private static ReadOnlySpan<byte> NameOf(OtpAlgorithm algorithm) => algorithm switch
    {
        OtpAlgorithm.Sha1 => "sha1"u8,
        OtpAlgorithm.Sha256 => "sha256"u8,
        _ => "sha512"u8,
    };

    /// <summary>All but the checksum; returns where that belongs.</summary>
    private int WriteChecked(Span<byte> text)
    {
        FirstLine.CopyTo(text);
        int length = FirstLine.Length;
        ReadOnlySpan<byte> key = Secret.Expose();
        int characters = Base32.EncodedLength(key.Length);
        Base32.Encode(key, Value(text, ref length, EnrolmentLines.Secret, characters));
        Word(text, ref length, EnrolmentLines.Mode, Settings.Mode is OtpMode.Hotp ? "hotp"u8 : "totp"u8);
        Number(text, ref length, EnrolmentLines.Digits, Settings.Digits);
        Word(text, ref length, EnrolmentLines.Algorithm, NameOf(Settings.Algorithm));
        Number(text, ref length, EnrolmentLines.Period, Settings.PeriodSeconds);
        Number(text, ref length, EnrolmentLines.Window, Settings.Window);
        if (Settings.Limit is AttemptLimit limit)
        {
            Span<byte> value = stackalloc byte[2 * MostDigits];
            int attempts = Decimal(limit.Attempts, value);
            value[attempts++] = (byte)' ';
            Word(text, ref length, EnrolmentLines.RateLimit,
                value[..(attempts + Decimal(limit.IntervalSeconds, value[attempts..]))]);
        }
        else
        {
            Word(text, ref length, EnrolmentLines.RateLimit, "off"u8);
        }

        Word(text, ref length, EnrolmentLines.Reuse, Settings.RefusesReuse ? "refuse"u8 : "allow"u8);
        Word(text, ref length, EnrolmentLines.Strict, Settings.IsStrict ? "yes"u8 : "no"u8);
        Word(text, ref length, EnrolmentLines.Skew, Settings.LearnsSkew ? "yes"u8 : "no"u8);
        Number(text, ref length, EnrolmentLines.Enrolled, EnrolledAt);
        ReadOnlySpan<byte> salt = RecoveryCodes.Salt;
        Hex(salt, Value(text, ref length, EnrolmentLines.RecoverySalt, 2 * salt.Length));
        for (int i = 0; i < RecoveryCodes.Count; i++)
        {
            ReadOnlySpan<byte> hash = RecoveryCodes[i];
            Hex(hash, Value(text, ref length, EnrolmentLines.Recovery + i, 2 * hash.Length));
        }

        Span<byte> notice = stackalloc byte[MostDigits + 1 + Notice.MaxTextBytes];
        for (int i = 0; i < Notices.Count; i++)
        {
            int number = Decimal(Notices[i].Number, notice);
            notice[number++] = (byte)' ';
            Word(text, ref length, EnrolmentLines.Notice + i,
                notice[..(number + Encoding.UTF8.GetBytes(Notices[i].Text, notice[number..]))]);
        }

        return length;
    }

    /// <summary>Writes a line but its value; returns where that goes.</summary>
    private static Span<byte> Value(Span<byte> text, ref int length, int line, int valueBytes)
    {
        ReadOnlySpan<byte> name = EnrolmentLines.NameOf(line);
        name.CopyTo(text[length..]);
        " = "u8.CopyTo(text[(length + name.Length)..]);
        int start = length + name.Length + 3;
        length = start + valueBytes + 1;
        text[length - 1] = LineFeed;
        return text.Slice(start, valueBytes);
    }

    private static void Word(Span<byte> text, ref int length, int line, ReadOnlySpan<byte> value) =>
        value.CopyTo(Value(text, ref length, line, value.Length));

    private static void Number(Span<byte> text, ref int length, int line, long number)
    {
        Span<byte> value = stackalloc byte[MostDigits];
        Word(text, ref length, line, value[..Decimal(number, value)]);
    }

    private static int Decimal(long number, Span<byte> value)
    {
        _ = Utf8Formatter.TryFormat(number, value, out int length);
        return length;
    }

    private static void Hex(ReadOnlySpan<byte> bytes, Span<byte> value) =>
        _ = Convert.TryToHexStringLower(bytes, value, out _);
}
