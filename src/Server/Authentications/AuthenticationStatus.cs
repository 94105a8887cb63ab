using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// What an attempt has come to, for the application that made it. An allow is given out once, for a minute, and not to
/// somebody who may not be let in any more.
/// </summary>
internal sealed class AuthenticationStatus(
    Transactions transactions, Node node, AuthenticationLimits limits, AuthenticationMeter meter, TimeProvider time)
{
    /// <summary>For who asks by the id. Null: no such transaction of this application's, or it was asked for too often.</summary>
    /// <param name="isQuestion">He asks, and is counted; else it is read again for an answer that he waits for.</param>
    public Task<Verdict?> PollAsync(
        IntegrationId application, string transactionId, bool isQuestion, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            async (db, stop) =>
            {
                bool isCounted = !isQuestion || await db.Authentications
                    .Where(a => a.TransactionId == transactionId && a.ApplicationId == application
                        && a.IsAsync && a.Answers < limits.MaxAnswers)
                    .ExecuteUpdateAsync(a => a.SetProperty(x => x.Answers, x => x.Answers + 1), stop) == 1;
                return isCounted ? await ReadAsync(db, application, transactionId, isQuestion, stop) : null;
            },
            cancellationToken);

    /// <summary>For the request that has to answer with it.</summary>
    public Task<Verdict?> ReadAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            (db, stop) => ReadAsync(db, application, transactionId, isQuestion: false, stop), cancellationToken);

    private async Task<Verdict?> ReadAsync(
        ServerDbContext db,
        IntegrationId application,
        string transactionId,
        bool isQuestion,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await TakeBackAsync(db, application, transactionId, now, cancellationToken);
        Authentication? found = await db.Authentications.AsNoTracking().SingleOrDefaultAsync(
            a => a.TransactionId == transactionId && a.ApplicationId == application && a.ExpiresAt > now
                && db.Set<Application>().Any(x => x.Id == application),
            cancellationToken);
        if (found is { IsAsync: false } && found.Waiter != node.Id)
        {
            // It was sent again elsewhere, and is waited for there: this node was taken for lost.
            return new Verdict(AuthenticationState.Denied, "deny", Verdict.Denied, transactionId);
        }

        return found?.State switch
        {
            null => null,
            AuthenticationState.Waiting => await WaitAsync(db, found, isQuestion, now, cancellationToken),
            AuthenticationState.Allowed => await RedeemAsync(db, found, now, cancellationToken),
            _ => new Verdict(AuthenticationState.Denied, found.Status, found.StatusMessage, transactionId),
        };
    }

    /// <summary>Nothing is decided yet, unless its time is over.</summary>
    private async Task<Verdict> WaitAsync(
        ServerDbContext db, Authentication found, bool isQuestion, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string id = found.TransactionId;
        PendingPush? push = await db.PendingPushes.AsNoTracking()
            .SingleOrDefaultAsync(p => p.TransactionId == id, cancellationToken);
        Verdict waiting = new(AuthenticationState.Waiting, found.Status, found.StatusMessage, id);
        if (push is null)
        {
            // Decided since it was read, and so it is read again; else nobody can decide it any more.
            int ended = await db.Authentications
                .Where(a => a.TransactionId == id && a.State == AuthenticationState.Waiting)
                .ExecuteUpdateAsync(a => a.SetProperty(x => x.State, AuthenticationState.Denied), cancellationToken);
            return ended == 1
                ? new Verdict(AuthenticationState.Denied, "deny", Verdict.Denied, id)
                : waiting with { Until = now };
        }

        if (push.ExpiresAt > now)
        {
            return waiting with
            {
                Until = isQuestion && found.Answers == 1 ? null : push.ExpiresAt,
                Number = push.Number,
            };
        }

        return await PushEnd.TimedOut.TryDecideAsync(db, meter, push, now, detail: null, cancellationToken)
            ? new Verdict(AuthenticationState.Denied, PushEnd.TimedOut.Status, PushEnd.TimedOut.Message, id)
            : waiting with { Until = now };
    }

    private async Task<Verdict> RedeemAsync(
        ServerDbContext db, Authentication found, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (string id, long? mine) = (found.TransactionId, node.Id);
        if ((found.DecidedAt ?? found.CreatedAt) + limits.AllowLife <= now)
        {
            return new Verdict(AuthenticationState.Denied, "timeout", Verdict.TimedOut, id);
        }

        int redeemed = await db.Authentications
            .Where(a => a.TransactionId == id && a.State == AuthenticationState.Allowed && !a.IsRedeemed
                && (a.IsAsync || a.Waiter == mine))
            .ExecuteUpdateAsync(a => a.SetProperty(x => x.IsRedeemed, true), cancellationToken);
        return redeemed == 1
            ? new Verdict(AuthenticationState.Allowed, found.Status, found.StatusMessage, id)
            : new Verdict(AuthenticationState.Denied, "deny", Verdict.Denied, id);
    }

    /// <summary>
    /// Denies what was allowed to somebody who has been disabled or removed since, or whose bypass has ended. Check and
    /// change are one statement, and the change is in the audit.
    /// </summary>
    private async Task TakeBackAsync(
        ServerDbContext db,
        IntegrationId application,
        string transactionId,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        int taken = await db.Authentications
            .Where(a => a.TransactionId == transactionId && a.ApplicationId == application
                && a.ExpiresAt > now && a.State == AuthenticationState.Allowed && !a.IsRedeemed
                && !db.Set<User>().Any(u => u.Id == a.UserId && (u.Status == UserStatus.Bypass
                    || (u.Status == UserStatus.Active && a.Status != "bypass"))))
            .ExecuteUpdateAsync(
                a => a.SetProperty(x => x.State, AuthenticationState.Denied)
                    .SetProperty(x => x.Status, "deny")
                    .SetProperty(x => x.StatusMessage, Verdict.Denied),
                cancellationToken);
        if (taken == 0)
        {
            return;
        }

        DateTimeOffset opened = now - limits.TransactionLife; // there is an index over the time
        AuditEvent allowed = await db.AuditEvents.AsNoTracking()
            .FirstAsync(e => e.At >= opened && e.TransactionId == transactionId, cancellationToken);
        db.AuditEvents.Add(new AuditEvent
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Action = allowed.Action,
            Result = AuditResults.Denied,
            Reason = Reasons.UserDisabled,
            Factor = AuthenticationAudit.NoFactor,
            UserName = allowed.UserName,
            UserKey = allowed.UserKey,
            ApplicationName = allowed.ApplicationName,
            ApplicationKey = allowed.ApplicationKey,
            AccessAddress = allowed.AccessAddress,
            HostName = allowed.HostName,
            ClientAddress = allowed.ClientAddress,
            TransactionId = transactionId,
            Detail = "allowed before; disabled or removed since",
        });
    }

    /// <summary>
    /// The connection was gone before an allow, or the id of a push, could be sent: the same request, sent again, may
    /// have it. Never said where it is not sure, for then two would have it. Who was told to wait was given no allow, and
    /// an id that somebody asks by was not lost.
    /// </summary>
    public async Task LostAsync(Verdict verdict, CancellationToken cancellationToken)
    {
        string id = verdict.TransactionId;
        AuthenticationState told = verdict.State;
        long? nobody = Node.None;
        await transactions.RunAsync(
            async (db, stop) => await db.Authentications
                .Where(a => a.TransactionId == id && a.State == told
                    && (a.State == AuthenticationState.Allowed
                        || (a.State == AuthenticationState.Waiting && a.Answers == 0)))
                .ExecuteUpdateAsync(
                    a => a.SetProperty(x => x.IsRedeemed, false)
                        .SetProperty(x => x.Waiter, x => x.IsAsync && x.State == AuthenticationState.Allowed
                            ? x.Waiter // its id was not lost
                            : nobody),
                    stop),
            cancellationToken);
    }

    /// <summary>Nobody waits any more for the answer of the request that opened it.</summary>
    public async Task AbandonAsync(string transactionId, CancellationToken cancellationToken)
    {
        (long? mine, long? nobody) = (node.Id, Node.None);
        await transactions.RunAsync(
            async (db, stop) => await db.Authentications
                .Where(a => a.TransactionId == transactionId && a.Waiter == mine && !a.IsRedeemed)
                .ExecuteUpdateAsync(a => a.SetProperty(x => x.Waiter, nobody), stop),
            cancellationToken);
    }
}
