using System.Globalization;
using System.Text;
using Sallyport.Protocol;

namespace Sallyport.Cli.Moving;

/// <summary>What an entry of the root-only store becomes as a state file.</summary>
internal static class ExportedAccount
{
    /// <summary>Null: google-authenticator cannot make passcodes like these.</summary>
    public static byte[]? From(TotpEntry entry, uint[] recoveryCodes, out string? problem)
    {
        TotpSettings settings = entry.Enrolment.Settings;
        problem = settings.Algorithm is not OtpAlgorithm.Sha1 ? "google-authenticator's module knows SHA-1 only"
            : settings.Digits != 6 ? "google-authenticator's module knows six digits only"
            : null;
        if (problem is not null)
        {
            return null;
        }

        var text = new StringBuilder(Base32.Encode(entry.Enrolment.Secret.Expose())).Append('\n');
        if (settings.Limit is AttemptLimit limit)
        {
            string stamps = string.Concat(entry.Record.Attempts.Select(stamp => Invariant($" {stamp}")));
            text.Append(Invariant($"\" RATE_LIMIT {limit.Attempts} {limit.IntervalSeconds}{stamps}\n"));
        }

        text.Append(Invariant($"\" WINDOW_SIZE {settings.Window}\n"));
        if (settings.Mode is OtpMode.Hotp)
        {
            text.Append(Invariant($"\" HOTP_COUNTER {entry.HotpCounter}\n"));
        }
        else
        {
            text.Append(settings.PeriodSeconds == 30 ? "" : Invariant($"\" STEP_SIZE {settings.PeriodSeconds}\n"));
            text.Append(entry.TimeSkew == 0 ? "" : Invariant($"\" TIME_SKEW {entry.TimeSkew}\n"));
            text.Append(settings.RefusesReuse ? $"\" DISALLOW_REUSE{UsedSteps(entry)}\n" : "");
            text.Append("\" TOTP_AUTH\n");
        }

        foreach (uint code in recoveryCodes)
        {
            text.Append(Invariant($"{code}\n"));
        }

        byte[] bytes = Encoding.ASCII.GetBytes(text.ToString());
        text.Clear();
        return bytes;
    }

    /// <summary>
    /// Those within a window; where the entry is strict, every step up to the highest, for the module knows no other way
    /// to refuse them.
    /// </summary>
    private static string UsedSteps(TotpEntry entry)
    {
        TotpRecord record = entry.Record;
        IEnumerable<int> back = Enumerable.Range(0, TotpRecord.BitmapSteps).Where(i => record.HighestStep - i >= 0
            && (entry.Enrolment.Settings.IsStrict || (record.UsedSteps >> i & UInt128.One) != UInt128.Zero));
        return record.HighestStep < 0 ? "" : string.Concat(back.Reverse().Select(i => Invariant($" {record.HighestStep - i}")));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
