using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Applications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Push;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Sends a login to a phone, if it may be sent: after a pause, with a number where one is needed, in the place of the one
/// that waits. All of it is in the transaction of the attempt.
/// </summary>
internal sealed class OpenPush(
    IEnumerable<IPushTransport> transports, AuthenticationLimits limits, AuthenticationMeter meter)
{
    private const int UsualDigits = 2;
    private const int NewSourceDigits = 3;
    private const int MostInfo = 512;

    /// <summary>The phone that what was typed means; null: it means none that he has.</summary>
    public static Device? PhoneOf(DuoPrompt typed, IReadOnlyList<Device> phones)
    {
        if (typed is DuoPrompt.Device { Key: not "auto" } named)
        {
            return phones.SingleOrDefault(phone => phone.Key == named.Key);
        }

        int number = typed switch
        {
            DuoPrompt.Auto or DuoPrompt.Device => 1,
            DuoPrompt.Push push => push.Number,
            DuoPrompt.MenuLine line => line.Number,
            _ => 0,
        };
        return number >= 1 && number <= phones.Count ? phones[number - 1] : null;
    }

    /// <summary>Waiting, or why not.</summary>
    public async Task<(Outcome Outcome, string Message)> RunAsync(
        ServerDbContext db,
        Attempt attempt,
        Candidate candidate,
        Device phone,
        string transactionId,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        Application application = attempt.Application;
        if (await PushPause.UntilAsync(db, candidate.User.Id, application.Id, now, cancellationToken) is { } until)
        {
            string wait = string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling((until - now).TotalSeconds)}");
            return (
                Refused(Reasons.FrequentAttempts, phone) with { Detail = "pause after refused pushes" },
                $"Too many login requests were not approved. Wait {wait} seconds, or type a passcode.");
        }

        bool isKnown = await KnownSource.IsKnownAsync(
            db, candidate.User.Id, attempt.Source, now - limits.SourceKnown, cancellationToken);
        bool needsNumber = application.NumberMatching switch
        {
            NumberMatching.Never => false,
            NumberMatching.NewSource => !isKnown,
            _ => true,
        };
        if (needsNumber && !attempt.ShowsNumbers)
        {
            return (Refused(Reasons.NoNumber, phone), Policy.NoNumber);
        }

        IQueryable<PendingPush> before = db.PendingPushes.AsNoTracking()
            .Where(p => p.UserId == candidate.User.Id && p.ApplicationId == application.Id);
        if (await before.SingleOrDefaultAsync(cancellationToken) is { } older)
        {
            PushEnd end = older.ExpiresAt <= now ? PushEnd.TimedOut : PushEnd.Superseded;
            await end.TryDecideAsync(db, meter, older, now, detail: null, cancellationToken);
        }

        string? number = needsNumber ? NewNumber(isKnown ? UsualDigits : NewSourceDigits) : null;
        db.PendingPushes.Add(new PendingPush
        {
            TransactionId = transactionId,
            ApplicationId = application.Id,
            UserId = candidate.User.Id,
            DeviceId = phone.Id,
            DeviceKey = phone.Key,
            ApplicationName = application.Name,
            ApplicationKey = application.IntegrationKey,
            UserName = candidate.User.Name,
            UserKey = candidate.User.Key,
            SentName = attempt.SentName,
            Host = attempt.HostName is null ? null : DuoText.Line(attempt.HostName),
            Address = attempt.Source.Address?.ToString(),
            ClientAddress = attempt.Source.Client?.ToString(),
            Info = Shown(attempt.Info),
            Detail = phone.IsTerminal ? $"terminal device; {attempt.Detail}" : attempt.Detail,
            Number = number,
            ExpiresAt = now + limits.PushLife,
        });
        foreach (IPushTransport transport in transports)
        {
            transport.Tell(db, phone);
        }

        return (Outcome.Waiting(phone), Words(attempt, number));
    }

    // What Duo's clients are used to, word for word, where they have announced it.
    private static string Words(Attempt attempt, string? number) => (number, attempt.AnnouncesNumbers) switch
    {
        (null, _) => "Pushed a login request to your device...",
        (_, true) => $"Please enter verification code {number} into Duo Mobile...",
        (_, false) => $"Pushed a login request to your device. Enter the number {number} there...",
    };

    /// <summary>A client may send 20,000 bytes; a phone has a screen.</summary>
    private static string? Shown(string? info) =>
        info is null ? null : DuoText.Line(info[..Math.Min(info.Length, MostInfo)]);

    private static Outcome Refused(string reason, Device phone) =>
        Outcome.Denied(reason, FactorNames.Push) with { Device = phone };

    private static string NewNumber(int digits) => RandomNumberGenerator.GetString("0123456789", digits);
}
