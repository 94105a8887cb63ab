using System.Globalization;
using Sallyport.Host.Files;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>What an account has, without what would be of use to a thief.</summary>
internal sealed class FactorStatus(TotpStore store, Invitations invitations, TimeProvider time)
{
    public Verdict Run(FactorRequest request, IConversation conversation)
    {
        using TotpReading reading = store.Open(request.Account.Name);
        if (reading.Problem is ReadProblem.Unusable or ReadProblem.Unspecified)
        {
            conversation.Tell(request.ByRoot ? reading.Message! : $"The entry of {request.User} cannot be read.");
            return Verdict.Deny;
        }

        conversation.Inform(string.Join('\n', Lines(request, reading.Entry)));
        return Verdict.Allow;
    }

    private IEnumerable<string> Lines(FactorRequest request, TotpEntry? entry)
    {
        if (entry is null)
        {
            yield return $"{request.User}: not enrolled in the root-only store";
        }
        else
        {
            TotpSettings settings = entry.Enrolment.Settings;
            yield return $"{request.User}: enrolled {Moment(entry.Enrolment.EnrolledAt)}";
            yield return settings.Mode is OtpMode.Hotp
                ? Invariant($"passcodes: by counter, {settings.Digits} digits")
                : Invariant($"passcodes: by time, {settings.Digits} digits, every {settings.PeriodSeconds} seconds");
            yield return Invariant($"recovery codes left: {entry.RecoveryCodesLeft} of {entry.Enrolment.RecoveryCodes.Count}");
            yield return settings.Limit is AttemptLimit limit
                ? Invariant($"attempts: {limit.Attempts} in {limit.IntervalSeconds} seconds")
                : "attempts: not limited";
            foreach (Notice notice in entry.Enrolment.Notices)
            {
                yield return $"change: {notice.Text}";
            }
        }

        if (invitations.Find(request.Account.Name, time.GetUtcNow()) is Invitation open)
        {
            yield return $"invitation: open until {Moment(open.Expires.ToUnixTimeSeconds())}"
                + (open.MayReplace ? ", may replace the factor" : "");
        }
    }

    public static string Moment(long seconds) =>
        Invariant($"{DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime:yyyy-MM-dd HH:mm} UTC");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
