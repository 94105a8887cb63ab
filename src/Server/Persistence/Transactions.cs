using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Sallyport.Server.Persistence;

/// <summary>The one way to change anything: an act and its audit event are in one transaction, durable when it returns.</summary>
internal sealed class Transactions(IDbContextFactory<ServerDbContext> contexts)
{
    /// <summary>What <paramref name="act"/> throws undoes it.</summary>
    public async Task<T> RunAsync<T>(
        Func<ServerDbContext, CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        await using IDbContextTransaction transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        T result = await act(db, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }
}
