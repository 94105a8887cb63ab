using System.Globalization;
using System.Text;

namespace Sallyport.Protocol;

/// <summary>The one way in which an enrolment is written.</summary>
public sealed partial class TotpEnrolment
{
    private const byte LineFeed = (byte)'\n';

    private static ReadOnlySpan<byte> FirstLine => "version = 1\n"u8;

    private static ReadOnlySpan<byte> ChecksumName => "checksum = "u8;

    /// <summary>Writes the text with its checksum and its padding.</summary>
    /// <param name="text">4096 bytes, which the caller wipes when they are written.</param>
    public void Write(Span<byte> text)
    {
        int length = WriteChecked(text);
        Span<byte> digest = stackalloc byte[Sha256.DigestBytes];
        Sha256.Hash(text[..length], digest);
        Line(text[..TextBytes], ref length, "checksum", Convert.ToHexStringLower(digest));
    }

    /// <summary>All but the checksum; returns where that belongs.</summary>
    private int WriteChecked(Span<byte> text)
    {
        text = text[..TextBytes];
        text.Fill(LineFeed);
        FirstLine.CopyTo(text);
        int length = FirstLine.Length;
        ReadOnlySpan<byte> key = Secret.Expose();
        Name(text, ref length, "secret");
        int characters = Base32.EncodedLength(key.Length);
        Base32.Encode(key, text.Slice(length, characters));
        length += characters + 1;

        Line(text, ref length, "mode", Settings.Mode is OtpMode.Hotp ? "hotp" : "totp");
        Line(text, ref length, "digits", Decimal(Settings.Digits));
        Line(text, ref length, "algorithm", KeyUri.AlgorithmName(Settings.Algorithm)!.ToLowerInvariant());
        Line(text, ref length, "period", Decimal(Settings.PeriodSeconds));
        Line(text, ref length, "window", Decimal(Settings.Window));
        Line(text, ref length, "rate_limit", Settings.Limit is AttemptLimit limit
            ? $"{Decimal(limit.Attempts)} {Decimal(limit.IntervalSeconds)}"
            : "off");
        Line(text, ref length, "reuse", Settings.RefusesReuse ? "refuse" : "allow");
        Line(text, ref length, "strict", Settings.IsStrict ? "yes" : "no");
        Line(text, ref length, "skew", Settings.LearnsSkew ? "yes" : "no");
        Line(text, ref length, "enrolled", Decimal(EnrolledAt));
        Line(text, ref length, "recovery_salt", Convert.ToHexStringLower(RecoveryCodes.Salt));
        for (int i = 0; i < RecoveryCodes.Count; i++)
        {
            Line(text, ref length, $"recovery_{Decimal(i)}", Convert.ToHexStringLower(RecoveryCodes[i]));
        }

        for (int i = 0; i < Notices.Count; i++)
        {
            Line(text, ref length, $"notice_{Decimal(i)}", $"{Decimal(Notices[i].Number)} {Notices[i].Text}");
        }

        return length;
    }

    private static void Name(Span<byte> text, ref int length, string name)
    {
        length += Encoding.ASCII.GetBytes(name, text[length..]);
        " = "u8.CopyTo(text[length..]);
        length += " = "u8.Length;
    }

    /// <summary>The line feed behind the value is there: the text is made of them.</summary>
    private static void Line(Span<byte> text, ref int length, string name, string value)
    {
        Name(text, ref length, name);
        length += Encoding.UTF8.GetBytes(value, text[length..]) + 1;
    }

    private static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);
}
