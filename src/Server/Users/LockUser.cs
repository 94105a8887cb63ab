using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

internal static class LockUser
{
    extension(ServerDbContext db)
    {
        /// <summary>
        /// Makes acts about one user one after another, to the end of this one. On SQLite all acts are.
        /// </summary>
        public async Task LockUserAsync(UserId user, CancellationToken cancellationToken)
        {
            if (db is PostgresDbContext)
            {
                await db.Database.ExecuteSqlAsync(
                    $"""SELECT 1 FROM users WHERE "Id" = {user.Value} FOR UPDATE""", cancellationToken);
            }
        }
    }
}
