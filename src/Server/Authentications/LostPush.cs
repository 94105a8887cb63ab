using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// A request that is sent again, because its connection or the whole node was lost before an answer came, joins the push
/// that it began. Only the same request does, parameter for parameter, and only where nobody waits for that answer any
/// more: who logs in at the same moment from the same place has a push of his own.
/// </summary>
internal sealed class LostPush(Node node, AuthenticationLimits limits)
{
    /// <summary>Null: there is none, and it is a login of its own.</summary>
    public async Task<Verdict?> TryJoinAsync(
        ServerDbContext db, Attempt attempt, Candidate candidate, DateTimeOffset now, CancellationToken cancellationToken)
    {
        byte[] mac = attempt.RequestMac;
        if (mac.Length == 0)
        {
            return null;
        }

        Applications.IntegrationId application = attempt.Application.Id;
        Users.UserId? user = candidate.User.Id;
        DateTimeOffset since = now - limits.PushLife;
        var first = await db.Authentications
            .Where(a => a.RequestMac == mac && a.ApplicationId == application && a.UserId == user
                && a.IsAsync == attempt.IsAsync && a.Waiter != null && !a.IsRedeemed && a.CreatedAt > since
                && (a.State == AuthenticationState.Waiting
                    || (a.State == AuthenticationState.Allowed && a.DecidedAt != null))) // by a phone
            .OrderByDescending(a => a.CreatedAt)
            .Select(a => new { a.TransactionId, a.Waiter, a.Status, a.StatusMessage, a.CreatedAt })
            .FirstOrDefaultAsync(cancellationToken);
        if (first?.Waiter is not long waiter || await node.IsAliveAsync(db, waiter, cancellationToken))
        {
            return null;
        }

        // Of two that are sent again, one joins.
        long? mine = attempt.IsAsync ? null : node.Id;
        int joined = await db.Authentications
            .Where(a => a.TransactionId == first.TransactionId && a.Waiter == waiter && !a.IsRedeemed)
            .ExecuteUpdateAsync(a => a.SetProperty(x => x.Waiter, mine), cancellationToken);
        return joined == 1
            ? new Verdict(AuthenticationState.Waiting, first.Status, first.StatusMessage, first.TransactionId)
            {
                Until = first.CreatedAt + limits.PushLife,
            }
            : null;
    }
}
