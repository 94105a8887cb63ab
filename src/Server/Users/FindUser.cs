using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

internal static class FindUser
{
    extension(ServerDbContext db)
    {
        /// <summary>Whose name or alias it is, tracked; null: nobody's. Names are compared by bytes.</summary>
        public async Task<User?> FindUserAsync(string name, CancellationToken cancellationToken) =>
            await db.Aliases.Where(a => a.Name == name)
                .Join(db.Users, a => a.UserId, u => u.Id, (_, user) => user)
                .SingleOrDefaultAsync(cancellationToken);
    }
}
