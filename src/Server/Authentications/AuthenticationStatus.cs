using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>The verdict of an attempt that was made asynchronously, and what is known of an answer's fate.</summary>
internal sealed class AuthenticationStatus(Transactions transactions, AuthenticationLimits limits, TimeProvider time)
{
    /// <summary>
    /// Null: no transaction of this application's, or none any more. It is the same verdict each time, and it is given
    /// so many times only. An allow is one for a minute, and not for somebody who may not be let in any more.
    /// </summary>
    public async Task<Verdict?> ReadAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return await transactions.RunAsync(
            async (db, stop) =>
            {
                await TakeBackAsync(db, application, transactionId, now, stop);
                bool counted = await db.Authentications
                    .Where(a => a.TransactionId == transactionId && a.ApplicationId == application
                        && db.Set<Application>().Any(x => x.Id == application)
                        && a.IsAsync && a.ExpiresAt > now && a.Answers < limits.MaxAnswers)
                    .ExecuteUpdateAsync(a => a.SetProperty(x => x.Answers, x => x.Answers + 1), stop) == 1;
                Authentication? found = counted
                    ? await db.Authentications.AsNoTracking().SingleAsync(a => a.TransactionId == transactionId, stop)
                    : null;
                return found switch
                {
                    null => null,
                    { State: AuthenticationState.Allowed } when found.CreatedAt + limits.AllowLife <= now =>
                        new Verdict(AuthenticationState.Denied, "timeout", "Login timed out.", found.TransactionId),
                    _ => new Verdict(found.State, found.Status, found.StatusMessage, found.TransactionId),
                };
            },
            cancellationToken);
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
                && a.IsAsync && a.ExpiresAt > now && a.State == AuthenticationState.Allowed
                && !db.Set<User>().Any(u => u.Id == a.UserId && (u.Status == UserStatus.Bypass
                    || (u.Status == UserStatus.Active && a.Status != "bypass"))))
            .ExecuteUpdateAsync(
                a => a.SetProperty(x => x.State, AuthenticationState.Denied)
                    .SetProperty(x => x.Status, "deny")
                    .SetProperty(x => x.StatusMessage, "Login request denied."),
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
    /// The connection was gone before the verdict could be sent: the same request, sent again, may have it. Never said
    /// where it is not sure, for then two would have it.
    /// </summary>
    public async Task LostAsync(Verdict verdict, CancellationToken cancellationToken)
    {
        string id = verdict.TransactionId;
        await transactions.RunAsync(
            async (db, stop) => await db.Authentications
                .Where(a => a.TransactionId == id && !a.IsAsync && a.Answers == 1)
                .ExecuteUpdateAsync(a => a.SetProperty(x => x.Answers, 0), stop),
            cancellationToken);
    }
}
