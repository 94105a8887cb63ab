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
            Guid subject = user.Id.Value;
            await db.Throttles.Where(t => t.SubjectId == subject).ExecuteDeleteAsync(stop);
        },
        cancellationToken);
}
