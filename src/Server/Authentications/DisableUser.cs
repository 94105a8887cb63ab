using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Refuses a user from now on, denies what waits for his phone, and takes back what he could still use: bypass codes, his
/// invitation, and codes that activate a phone.
/// </summary>
internal sealed class DisableUser(
    Transactions transactions, AdministratorAudit audit, AuthenticationMeter meter, TimeProvider time)
{
    /// <summary>False: nobody has that name.</summary>
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.ChangeUserAsync(
        audit,
        name,
        AuditActions.UserDisable,
        async (db, user, stop) =>
        {
            await db.LockUserAsync(user.Id, stop);
            await PushEnd.UserDisabled.DecideAllAsync(
                db,
                meter,
                db.PendingPushes.Where(p => p.UserId == user.Id),
                time.GetUtcNow(),
                "disabled while it waited",
                stop);
            user.Status = UserStatus.Disabled;
            user.InvitationMac = null;
            user.InvitedUntil = null;
            await db.BypassCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(stop);
            await db.Activations.Where(a => a.UserId == user.Id).ExecuteDeleteAsync(stop);
        },
        cancellationToken);
}

/// <summary>
/// Removes a user with his names, codes and devices, and denies what waits for his phone; what happened stays in the
/// audit. A hardware token that somebody else is to have is taken from him first.
/// </summary>
internal sealed class RemoveUser(
    Transactions transactions, AdministratorAudit audit, AuthenticationMeter meter, TimeProvider time)
{
    /// <summary>False: nobody has that name.</summary>
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.ChangeUserAsync(
        audit,
        name,
        AuditActions.UserRemove,
        async (db, user, stop) =>
        {
            await db.LockUserAsync(user.Id, stop);
            await PushEnd.UserDisabled.DecideAllAsync(
                db,
                meter,
                db.PendingPushes.Where(p => p.UserId == user.Id),
                time.GetUtcNow(),
                "removed while it waited",
                stop);
            await db.Users.Where(u => u.Id == user.Id).ExecuteDeleteAsync(stop);
        },
        cancellationToken);
}
