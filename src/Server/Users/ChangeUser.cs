using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <summary>
/// What <see cref="DisableUser"/>, <see cref="EnableUser"/> and <see cref="RemoveUser"/> share, and what unlocks a
/// user.
/// </summary>
internal static class ChangeUser
{
    extension(Transactions transactions)
    {
        /// <summary>False: nobody has that name.</summary>
        public Task<bool> ChangeUserAsync(
            AdministratorAudit audit,
            string name,
            string action,
            Func<ServerDbContext, User, CancellationToken, Task> change,
            CancellationToken cancellationToken) => transactions.RunAsync(
                async (db, stop) =>
                {
                    if (await db.FindUserAsync(name, stop) is not { } user)
                    {
                        return false;
                    }

                    await change(db, user, stop);
                    audit.Add(db, action, userName: user.Name, userKey: user.Key);
                    return true;
                },
                cancellationToken);
    }
}

/// <summary>
/// Refuses a user from now on, and takes back what he could still use: bypass codes, his invitation, and codes that
/// activate a phone.
/// </summary>
internal sealed class DisableUser(Transactions transactions, AdministratorAudit audit)
{
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.ChangeUserAsync(
        audit,
        name,
        AuditActions.UserDisable,
        async (db, user, stop) =>
        {
            user.Status = UserStatus.Disabled;
            user.InvitationMac = null;
            user.InvitedUntil = null;
            await db.BypassCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(stop);
            await db.Activations.Where(a => a.UserId == user.Id).ExecuteDeleteAsync(stop);
        },
        cancellationToken);
}

/// <summary>Asks a disabled user for his factor again.</summary>
internal sealed class EnableUser(Transactions transactions, AdministratorAudit audit)
{
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.ChangeUserAsync(
        audit,
        name,
        AuditActions.UserEnable,
        (_, user, _) =>
        {
            user.Status = UserStatus.Active;
            return Task.CompletedTask;
        },
        cancellationToken);
}

/// <summary>
/// Removes a user with his names, codes and devices; what happened stays in the audit. A hardware token that somebody
/// else is to have is taken from him first.
/// </summary>
internal sealed class RemoveUser(Transactions transactions, AdministratorAudit audit)
{
    public Task<bool> RunAsync(string name, CancellationToken cancellationToken) => transactions.ChangeUserAsync(
        audit,
        name,
        AuditActions.UserRemove,
        (db, user, stop) => db.Users.Where(u => u.Id == user.Id).ExecuteDeleteAsync(stop),
        cancellationToken);
}
