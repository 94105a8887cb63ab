using System.Text;

namespace Sallyport.Protocol.Tests;

/// <summary>Entries of the root-only store, written down where a reader sees every value.</summary>
internal static class Entries
{
    public const uint RecoveryCode = 12345678;
    public const uint OtherRecoveryCode = 87654321;

    public static readonly TotpSettings Totp = new() { Mode = OtpMode.Totp };

    private static readonly byte[] _salt = [.. Enumerable.Range(0, RecoveryCodeHashes.SaltBytes).Select(i => (byte)i)];

    public static OtpSecret Secret(string key = "12345678901234567890") => OtpSecret.FromBytes(Encoding.ASCII.GetBytes(key));

    public static RecoveryCodeHashes Codes(params uint[] codes) => RecoveryCodeHashes.Of(_salt, codes);

    public static TotpEntry Entry(TotpSettings? settings = null, TotpRecord? record = null) =>
        TotpEntry.Create(
            new(Secret(), settings ?? Totp, 1_700_000_000, Codes(RecoveryCode, OtherRecoveryCode), [new(1, "Enrolled by root")]),
            record);

    public static byte[] File(TotpEntry entry)
    {
        byte[] file = new byte[TotpEntry.FileBytes];
        entry.WriteFile(file);
        return file;
    }

    /// <summary>What the store does: the record goes into the other slot.</summary>
    public static void Save(TotpEntry entry, byte[] file)
    {
        byte[] slot = new byte[TotpRecord.Bytes];
        int offset = entry.WriteNext(slot);
        slot.CopyTo(file, offset);
        entry.SetSaved();
    }

    public static TotpProblem Problem(byte[] file)
    {
        TotpFault fault = TotpEntry.TryParse(file, out TotpEntry? entry);
        entry?.Dispose();
        return fault.Problem;
    }

    public static TotpEntry Read(byte[] file) =>
        TotpEntry.TryParse(file, out TotpEntry? entry) is { Problem: TotpProblem.None }
            ? entry!
            : throw new FormatException("These bytes are no entry.");

    /// <summary>The text with some of it replaced, and a checksum that fits.</summary>
    public static byte[] Edited(byte[] file, string old, string with)
    {
        string text = Encoding.UTF8.GetString(file, 0, TotpEnrolment.TextBytes);
        string body = text[..text.IndexOf("checksum = ", StringComparison.Ordinal)];
        if (!body.Contains(old, StringComparison.Ordinal))
        {
            throw new ArgumentException("There is no such text to replace.", nameof(old));
        }

        body = body.Replace(old, with, StringComparison.Ordinal);
        byte[] digest = new byte[Sha256.DigestBytes];
        Sha256.Hash(Encoding.UTF8.GetBytes(body), digest);
        byte[] edited = Encoding.UTF8.GetBytes(
            $"{body}checksum = {Convert.ToHexStringLower(digest)}\n".PadRight(TotpEnrolment.TextBytes, '\n'));
        return [.. edited[..TotpEnrolment.TextBytes], .. file[TotpEnrolment.TextBytes..]];
    }
}
