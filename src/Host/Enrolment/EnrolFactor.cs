using System.Globalization;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Enrolment;

/// <summary>
/// Gives an account a secret in the root-only store. Who has a factor proves it first; who has none needs an invitation;
/// root needs neither, nor does who may without by policy. Nothing is changed before the app has shown a passcode of the new secret.
/// </summary>
/// <param name="prove">A passcode or a recovery code of the factor that is there, as at a login.</param>
/// <param name="log">The log of whoever decides, which the caller cannot write to.</param>
internal sealed class EnrolFactor(
    TotpStore store, Invitations invitations, TimeProvider time, Func<bool> prove, Action<string> log)
{
    private const int Tries = 5;

    public Verdict Run(FactorRequest request, EnrolmentOptions options, IConversation conversation)
    {
        (ReadProblem problem, uint before) = Look(request);
        bool enrolled = problem is ReadProblem.None;
        if (problem is ReadProblem.Unusable && !(request.ByRoot && options.Force))
        {
            conversation.Tell($"The entry of {request.User} cannot be read. An administrator replaces it by:\n"
                + $"  sallyport enroll --user {request.User} --force");
            return Verdict.Deny;
        }

        if (!MayEnrol(request, options, enrolled, conversation, out bool invited))
        {
            return Verdict.Deny;
        }

        using OtpSecret secret = FreshFactor.Secret();
        if (!conversation.ShowKey(NewUri(secret, request, options).Expose()))
        {
            return Verdict.Deny;
        }

        var record = new TotpRecord();
        if (options.Confirm && !Confirm(secret, options.Settings, conversation, ref record))
        {
            conversation.Tell("Nothing was changed: the app does not have this secret, or a clock is wrong.");
            return Verdict.Deny;
        }

        uint[] codes = FreshFactor.RecoveryCodes(options.RecoveryCodes);
        string told = request.Told(enrolled ? "your second factor was replaced" : "your second factor was enrolled", time.GetUtcNow());
        int error = Put(request, options, problem, before, secret, codes, told, record);
        if (error != 0 && IsInPlace(request, secret))
        {
            // It has its name, and only the disk's word for it failed: it counts from now on, so he gets all of it.
            log($"{request.User}: the disk reports an error, and a power cut may take this enrolment back: {Reason(error)}");
        }
        else if (error != 0)
        {
            conversation.Tell($"Nothing was changed: {Reason(error)}.");
            log($"{request.User}: enrolment failed: {Reason(error)}");
            return Verdict.Deny;
        }

        log($"{request.User}: second factor {(enrolled ? "replaced" : "enrolled")} by {request.Caller}"
            + (invited ? ", invited" : ""));
        if (invited && invitations.Close(request.Account.Name) != 0)
        {
            conversation.Tell("The invitation could not be closed: please tell your administrator.");
            log($"{request.User}: the invitation could not be closed");
        }

        ShowRecoveryCodes(codes, conversation);
        conversation.Inform(request.ByRoot && request.Account.Uid != 0
            ? $"{request.User} is enrolled."
            : "You are enrolled. From now on logins here ask for a passcode of the app.");
        return Verdict.Allow;
    }

    private bool IsInPlace(FactorRequest request, OtpSecret secret)
    {
        using TotpReading reading = store.Open(request.Account.Name);
        return reading.Entry?.Enrolment.Secret.Expose().SequenceEqual(secret.Expose()) is true;
    }

    /// <summary>Shown here and never again: only hashes are kept.</summary>
    public static void ShowRecoveryCodes(uint[] codes, IConversation conversation)
    {
        if (codes.Length > 0)
        {
            conversation.Inform("Recovery codes, for the day the phone is lost. Each works once.\nThey are shown only now:\n"
                + string.Join('\n', codes.Select(code => string.Create(CultureInfo.InvariantCulture, $"  {code}"))));
        }

        Array.Clear(codes);
    }

    private (ReadProblem Problem, uint Change) Look(FactorRequest request)
    {
        using TotpReading reading = store.Open(request.Account.Name);
        return (reading.Problem, LastChange(reading));
    }

    /// <summary>The number of the last change: who proved the factor of then has not proved one that came after it.</summary>
    private static uint LastChange(TotpReading reading) =>
        reading.Entry?.Enrolment.Notices is [.., Notice last] ? last.Number : 0;

    private bool MayEnrol(
        FactorRequest request, EnrolmentOptions options, bool enrolled, IConversation conversation, out bool invited)
    {
        invited = false;
        if (request.ByRoot)
        {
            return !enrolled || options.Force || Confirms($"{request.User} is enrolled. Replace his second factor? (y/n) ", conversation);
        }

        if (request.Uninvited && !enrolled)
        {
            return true;
        }

        Invitation? invitation = invitations.Find(request.Account.Name, time.GetUtcNow());
        if (invitation is not null && (!enrolled || invitation.MayReplace))
        {
            byte[]? answer = conversation.Ask("Invitation code: ", echo: true);
            invited = answer is { Length: > 0 and < 100 } && Invitations.Matches(invitation, answer);
            if (!invited)
            {
                conversation.Tell("That is not the code of your invitation.");
            }

            return invited;
        }

        if (!enrolled)
        {
            conversation.Tell($"To enrol you need an invitation. An administrator gives it by:\n  sallyport invite {request.User}");
            return false;
        }

        conversation.Inform("You are enrolled. To replace your second factor, prove the one that you have.");
        return prove();
    }

    private static bool Confirms(string question, IConversation conversation) =>
        conversation.Ask(question, echo: true) is [(byte)'y' or (byte)'Y', ..];

    private static KeyUri NewUri(OtpSecret secret, FactorRequest request, EnrolmentOptions options)
    {
        string host = Environment.MachineName;
        string? issuer = options.Issuer ?? (KeyUri.IsName(host) ? host : null);
        string label = options.Label ?? $"{request.Account.Name}@{host}";
        TotpSettings settings = options.Settings;
        return new(settings.Mode, secret, KeyUri.IsName(label) ? label : "account",
            issuer is { Length: > 0 } ? issuer : null, settings.Algorithm, settings.Digits, settings.PeriodSeconds);
    }

    /// <summary>A passcode from the app. It is used up by that: whoever watched it cannot log in with it.</summary>
    private bool Confirm(OtpSecret secret, TotpSettings settings, IConversation conversation, ref TotpRecord record)
    {
        for (int left = Tries; left > 0; left--)
        {
            byte[]? answer = conversation.Ask("Enter code from app: ", echo: true);
            if (answer is null)
            {
                return false;
            }

            if (Passcode.TryParse([.. answer.Where(b => b != ' ')], out Passcode passcode)
                && passcode.Digits == settings.Digits && Use(secret, settings, passcode, record) is TotpRecord used)
            {
                record = used;
                return true;
            }

            if (left > 1)
            {
                conversation.Tell("That is not the code. Try again.");
            }
        }

        return false;
    }

    private TotpRecord? Use(OtpSecret secret, TotpSettings settings, Passcode passcode, TotpRecord record)
    {
        if (settings.Mode is OtpMode.Hotp)
        {
            long? counter = Hotp.Match(
                secret, passcode.Number, record.HotpCounter, settings.Window, settings.Digits, settings.Algorithm);
            return counter is null ? null : record with { HotpCounter = counter.Value + 1 };
        }

        var now = TimeStep.At(time.GetUtcNow(), TimeSpan.FromSeconds(settings.PeriodSeconds));
        TimeStep? matched = Totp.Match(secret, passcode.Number, now, 1, 1, settings.Digits, settings.Algorithm);
        return matched is null ? null : record with { HighestStep = matched.Value.Value, UsedSteps = UInt128.One };
    }

    private int Put(
        FactorRequest request, EnrolmentOptions options, ReadProblem problem, uint before, OtpSecret secret, uint[] codes,
        string told, TotpRecord record)
    {
        TotpEnrolment Enrolment(IReadOnlyList<Notice> notices) => new(
            OtpSecret.FromBytes(secret.Expose()), options.Settings, time.GetUtcNow().ToUnixTimeSeconds(),
            FreshFactor.Hash(codes), TotpEnrolment.AfterChange(notices, told));
        if (problem is ReadProblem.Missing)
        {
            using var first = TotpEntry.Create(Enrolment([]), record);
            return store.Enrol(request.Account.Name, first);
        }

        using TotpReading held = store.Open(request.Account.Name);
        if (held.Problem is ReadProblem.Unusable && problem is ReadProblem.Unusable)
        {
            using var instead = TotpEntry.Create(Enrolment([]), record);
            return store.ReplaceUnreadable(request.Account.Name, instead);
        }

        if (held.Entry is null || LastChange(held) != before)
        {
            return Errno.EEXIST;
        }

        IReadOnlyList<Notice> notices = held.Entry.Enrolment.Notices;
        using var next = TotpEntry.Create(
            Enrolment(notices), record with { LastNoticeTold = held.Entry.Record.LastNoticeTold, Attempts = held.Entry.Record.Attempts });
        return store.Replace(held, next);
    }

    private static string Reason(int error) =>
        error == Errno.EEXIST ? "somebody else has changed it in the meantime" : Unistd.StrError(error);
}
