using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>The schema, and what a server needs before it serves.</summary>
internal sealed class Database(
    IDbContextFactory<ServerDbContext> contexts, KeyFiles files, KeyRing ring, DatabaseSettings settings, TimeProvider time)
{
    /// <summary>Brings the schema up to this program's.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(
            settings.DataFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    /// <summary>From nothing to a database with its schema, its key files and the first key of its ring.</summary>
    public async Task InitAsync(CancellationToken cancellationToken)
    {
        await MigrateAsync(cancellationToken);
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.KeyRing.AnyAsync(cancellationToken))
        {
            return;
        }

        if (!files.Any)
        {
            files.Create(time.GetUtcNow());
        }

        ring.CreateKey();
    }
}
