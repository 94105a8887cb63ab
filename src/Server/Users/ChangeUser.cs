using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <summary>
/// What the acts share that change one user: enabling, and, where logins are decided, disabling, removing and unlocking.
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
