using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>The verdict of an attempt that was made asynchronously, and what is known of an answer's fate.</summary>
internal sealed class AuthenticationStatus(Transactions transactions, AuthenticationLimits limits, TimeProvider time)
{
    /// <summary>
    /// Null: no transaction of this application's, or none any more. It is the same verdict each time, and it is given
    /// so many times only.
    /// </summary>
    public async Task<Verdict?> ReadAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return await transactions.RunAsync(
            async (db, stop) =>
            {
                bool counted = await db.Authentications
                    .Where(a => a.TransactionId == transactionId && a.ApplicationId == application
                        && a.IsAsync && a.ExpiresAt > now && a.Answers < limits.MaxAnswers)
                    .ExecuteUpdateAsync(a => a.SetProperty(x => x.Answers, x => x.Answers + 1), stop) == 1;
                Authentication? found = counted
                    ? await db.Authentications.AsNoTracking().SingleAsync(a => a.TransactionId == transactionId, stop)
                    : null;
                return found is null
                    ? null
                    : new Verdict(found.State, found.Status, found.StatusMessage, found.TransactionId);
            },
            cancellationToken);
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
