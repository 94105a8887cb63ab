using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>The schema, and what a server needs before it serves.</summary>
internal sealed class Database(
    IDbContextFactory<ServerDbContext> contexts,
    KeyFiles files,
    KeyRing ring,
    BypassKey bypassKey,
    DatabaseSettings settings,
    TimeProvider time)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>For <c>migrate</c>: brings the schema up to this program's.</summary>
    /// <exception cref="StorageException">A newer program's.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        MakeFiles();
        await using IAsyncDisposable alone = await MigrationLock.TakeAsync(settings, cancellationToken);
        await MigrateAloneAsync(cancellationToken);
    }

    /// <summary>For <c>init</c>: from nothing to a schema, key files and a key ring. What is there is kept.</summary>
    public async Task InitAsync(CancellationToken cancellationToken)
    {
        MakeFiles();
        await using IAsyncDisposable alone = await MigrationLock.TakeAsync(settings, cancellationToken);
        await MigrateAloneAsync(cancellationToken);
        if ((await RingAsync(cancellationToken)).Count == 0)
        {
            files.Create(time.GetUtcNow());
            ring.CreateKey();
        }

        await VerifyKeysAsync(cancellationToken);
    }

    /// <summary>For <c>serve</c>: makes a fresh database, else opens it as it is.</summary>
    /// <exception cref="StorageException">Not migrated, newer, or without the keys that open its secrets.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        SchemaState state = await StateAsync(cancellationToken);
        if (state is SchemaState.Behind
            || (state is SchemaState.Current && (await RingAsync(cancellationToken)).Count == 0))
        {
            // Another node may be making it at this moment: what it is, is known when that has ended.
            await (await MigrationLock.TakeAsync(settings, cancellationToken)).DisposeAsync();
            state = await StateAsync(cancellationToken);
        }

        switch (state)
        {
            case SchemaState.Fresh:
                await InitAsync(cancellationToken);
                break;
            case SchemaState.Current:
                await VerifyKeysAsync(cancellationToken);
                break;
            case SchemaState.Behind:
                throw new StorageException(
                    "The database is of an older version. Make a backup, then run: sallyport-server migrate");
            default:
                throw Newer();
        }

        if (settings.Postgres is not null)
        {
            await RefuseAsynchronousCommitAsync(cancellationToken);
        }
    }

    public async Task<SchemaState> StateAsync(CancellationToken cancellationToken)
    {
        if (settings.Postgres is null && !File.Exists(settings.SqliteFile))
        {
            return SchemaState.Fresh;
        }

        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        string[] known = [.. db.Database.GetMigrations()];
        string[] applied = [.. await db.Database.GetAppliedMigrationsAsync(cancellationToken)];
        return applied.Length == 0 ? SchemaState.Fresh
            : applied.Except(known).Any() ? SchemaState.Newer
            : applied.Length < known.Length ? SchemaState.Behind
            : SchemaState.Current;
    }

    /// <summary>What is wrong with the keys is said here, and not at somebody's login.</summary>
    public async Task VerifyKeysAsync(CancellationToken cancellationToken)
    {
        bypassKey.Verify();
        ring.Verify(await RingAsync(cancellationToken));
    }

    private async Task<List<string>> RingAsync(CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.KeyRing.Select(e => e.Xml).ToListAsync(cancellationToken);
    }

    private void MakeFiles()
    {
        Directory.CreateDirectory(settings.DataFolder, OwnerOnly | UnixFileMode.UserExecute);
        if (settings.Postgres is null && !File.Exists(settings.SqliteFile))
        {
            // Made here for its mode, which SQLite gives its -wal and -shm too.
            new FileStream(settings.SqliteFile, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = OwnerOnly,
            }).Dispose();
        }
    }

    private async Task MigrateAloneAsync(CancellationToken cancellationToken)
    {
        if (await StateAsync(cancellationToken) is SchemaState.Newer)
        {
            throw Newer();
        }

        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        if (settings.Postgres is null)
        {
            // What a killed process left of EF Core's lock: nobody holds it, because the file's lock is ours.
            await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        }

        await db.Database.MigrateAsync(cancellationToken);
    }

    private async Task RefuseAsynchronousCommitAsync(CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        string setting = await db.Database
            .SqlQueryRaw<string>("SELECT current_setting('synchronous_commit') AS \"Value\"")
            .SingleAsync(cancellationToken);
        if (setting == "off")
        {
            throw new StorageException(
                "PostgreSQL says synchronous_commit = off: a used passcode could come back after a crash. Set it to on "
                + "for this database: ALTER DATABASE … SET synchronous_commit = on");
        }
    }

    private static StorageException Newer() => new(
        "The database is of a newer version of sallyport-server than this program. Install that version, or restore a "
        + "backup that this one made.");
}

/// <summary>Zero is not served.</summary>
internal enum SchemaState
{
    Newer,
    Behind,
    Current,

    /// <summary>No table yet.</summary>
    Fresh,
}
