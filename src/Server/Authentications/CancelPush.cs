using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>Ends a push whose client has gone away: nobody is asked about a login that is none any more.</summary>
internal sealed class CancelPush(Transactions transactions, AuthenticationMeter meter, TimeProvider time)
{
    /// <summary>False: nothing of this application's waits under that id.</summary>
    public Task<bool> RunAsync(
        IntegrationId application, string transactionId, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return transactions.RunAsync(
            async (db, stop) =>
                await db.PendingPushes.AsNoTracking().SingleOrDefaultAsync(
                    p => p.TransactionId == transactionId && p.ApplicationId == application, stop) is { } push
                && await PushEnd.Cancelled.TryDecideAsync(db, meter, push, now, detail: null, stop),
            cancellationToken);
    }
}
