using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Ends a lock-out, and the waits of sources with this user. It enables nobody; a source that has failed too often in
/// an application waits on.
/// </summary>
internal sealed class UnlockUser(Transactions transactions, AdministratorAudit audit)
{
    /// <summary>False: nobody has that name.</summary>
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.ChangeUserAsync(
        audit,
        name,
        AuditActions.UserUnlock,
        async (db, user, stop) =>
        {
            user.Failures = 0;
            user.LockedUntil = null;
            List<string> names = await db.Set<Alias>()
                .Where(a => a.UserId == user.Id).Select(a => a.Name).ToListAsync(stop);
            Guid[] subjects = [user.Id.Value, .. names.Append(user.Key).Select(FailureCounters.OfName)];
            await db.Throttles.Where(t => subjects.Contains(t.SubjectId)).ExecuteDeleteAsync(stop);
        },
        cancellationToken);
}
