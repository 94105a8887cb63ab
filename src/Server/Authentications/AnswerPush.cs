using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>What became of what a phone signed. Zero: nothing.</summary>
internal enum PushAnswer
{
    /// <summary>It is no signature of this phone over this login.</summary>
    Refused,

    /// <summary>Nothing waits for this phone under that id, or not any more.</summary>
    Gone,

    /// <summary>It is not the number on the screen; there are more tries.</summary>
    WrongNumber,

    /// <summary>It was the last try: the login is denied, and reported.</summary>
    TooManyWrongNumbers,

    /// <summary>He approved it and may not be let in any more.</summary>
    Forbidden,

    Taken,
}

/// <summary>Takes a phone's decision about a login that waits for it (docs/formats/approval.md).</summary>
internal sealed class AnswerPush(
    Transactions transactions,
    ServerName server,
    AuthenticationLimits limits,
    AuthenticationMeter meter,
    TimeProvider time,
    ILogger<AnswerPush> logger)
{
    /// <param name="phone">That proved to be it, whoever's it is.</param>
    /// <param name="jws">As it came.</param>
    public async Task<PushAnswer> RunAsync(
        DeviceId phone, string transactionId, string jws, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        PushAnswer answer = await transactions.RunAsync(
            (db, stop) => DecideAsync(db, phone, transactionId, jws, now, stop), cancellationToken);
        if (answer is PushAnswer.Refused)
        {
            Log.ApprovalRefused(logger, transactionId);
        }

        return answer;
    }

    // Reads from top to bottom; what is not an approval on the way lets nobody in.
    private async Task<PushAnswer> DecideAsync(
        ServerDbContext db,
        DeviceId id,
        string transactionId,
        string jws,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        // 1. A login that waits for this very phone, which is still its user's.
        PendingPush? push = await db.PendingPushes.AsNoTracking().SingleOrDefaultAsync(
            p => p.TransactionId == transactionId && p.DeviceId == id, cancellationToken);
        if (push is null)
        {
            return PushAnswer.Gone;
        }

        await db.LockUserAsync(push.UserId, cancellationToken); // in the order that an attempt takes its locks
        Candidate? candidate = await Candidate.FindAsync(
            db, new Subject(push.UserKey, IsKey: true), now, cancellationToken);
        if (candidate?.Devices.SingleOrDefault(d => d.Id == id) is not { PublicKey: { } publicKey } phone)
        {
            return PushAnswer.Gone;
        }

        // 2. In time.
        if (push.ExpiresAt <= now)
        {
            await EndAsync(PushEnd.TimedOut, detail: null);
            return PushAnswer.Gone;
        }

        // 3. Signed by it, over the record as this server builds it.
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        if (ApprovalJws.Verify(jws, push.ToRecord(server), key) is not { } answer)
        {
            return PushAnswer.Refused;
        }

        // 4. What it says. No is no, whoever he is by now.
        if (answer.Decision is ApprovalDecision.Deny or ApprovalDecision.Fraud)
        {
            bool isFraud = answer.Decision is ApprovalDecision.Fraud;
            if (!await EndAsync(isFraud ? PushEnd.Reported : PushEnd.Denied, detail: null))
            {
                return PushAnswer.Gone;
            }

            Keep();
            if (isFraud)
            {
                await CancelOthersAsync(db, push, now, cancellationToken);
            }

            return PushAnswer.Taken;
        }

        if (answer.Decision is not ApprovalDecision.Approve || answer.Number is null != push.Number is null)
        {
            return PushAnswer.Refused;
        }

        // 5. The number that only who sees the login's screen knows.
        if (push.Number is { } number && !CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(number), Encoding.ASCII.GetBytes(answer.Number!)))
        {
            return await WrongNumberAsync();
        }

        // 6. He may still be let in, and by this phone.
        if (await RulingAsync(db, push, candidate, now, cancellationToken) is var ruling
            && !(ruling is Ruling.Ask { CanPush: true } ask && ask.Phones.Any(p => p.Id == phone.Id)))
        {
            return await EndAsync(PushEnd.Forbidden(ruling), "approved on the phone")
                ? PushAnswer.Forbidden
                : PushAnswer.Gone;
        }

        // 7. Of two approvals one finds it undecided.
        if (!await EndAsync(PushEnd.Approved, detail: null))
        {
            return PushAnswer.Gone;
        }

        Keep();
        await RememberAsync(db, push, now, cancellationToken);
        return PushAnswer.Taken;

        Task<bool> EndAsync(PushEnd end, string? detail) =>
            end.TryDecideAsync(db, meter, push, now, detail, cancellationToken);

        void Keep() => db.Approvals.Add(new Approval
        {
            TransactionId = transactionId,
            At = now,
            DeviceKey = phone.Key,
            PublicKey = publicKey,
            Jws = jws,
        });

        async Task<PushAnswer> WrongNumberAsync()
        {
            // Counted in one statement, so that many at once are not many free guesses.
            int most = limits.WrongNumbers - 1;
            int counted = await db.PendingPushes
                .Where(p => p.TransactionId == transactionId && p.WrongNumbers < most)
                .ExecuteUpdateAsync(
                    p => p.SetProperty(x => x.WrongNumbers, x => x.WrongNumbers + 1), cancellationToken);
            if (counted == 1)
            {
                return PushAnswer.WrongNumber;
            }

            return await EndAsync(PushEnd.WrongNumbers, $"{limits.WrongNumbers} wrong numbers")
                ? PushAnswer.TooManyWrongNumbers
                : PushAnswer.Gone;
        }
    }

    private static async Task<Ruling> RulingAsync(
        ServerDbContext db, PendingPush push, Candidate candidate, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Application? application = await db.Set<Application>().AsNoTracking()
            .SingleOrDefaultAsync(a => a.Id == push.ApplicationId, cancellationToken);
        return application is null
            ? new Ruling.Deny(Reasons.DeniedByPolicy, Verdict.Denied)
            : Policy.Decide(
                new Attempt
                {
                    Application = application,
                    Subject = new(push.UserKey, IsKey: true),
                    SentName = push.SentName,
                    Source = Source.Of(push.Address, client: null),
                    ShowsNumbers = push.Number is not null, // as it was opened
                },
                candidate,
                now);
    }

    /// <summary>Whatever else waits for him is as doubtful.</summary>
    private Task CancelOthersAsync(
        ServerDbContext db, PendingPush push, DateTimeOffset now, CancellationToken cancellationToken) =>
        PushEnd.Cancelled.DecideAllAsync(
            db,
            meter,
            db.PendingPushes.Where(p => p.UserId == push.UserId),
            now,
            $"another was reported: {push.TransactionId}",
            cancellationToken);

    private static async Task RememberAsync(
        ServerDbContext db, PendingPush push, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Users.Where(u => u.Id == push.UserId).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.Failures, 0)
                .SetProperty(x => x.LockedUntil, (DateTimeOffset?)null)
                .SetProperty(x => x.LastLogin, now),
            cancellationToken);
        await PushPause.EndAsync(db, push.UserId, push.ApplicationId, cancellationToken);
        await KnownSource.RememberAsync(db, push.UserId, push.Address, now, cancellationToken);
    }
}
