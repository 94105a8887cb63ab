using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Storage;

public sealed class SchemaTests
{
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_migrations_make_what_the_entities_say(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.EmptyAsync(kind);

        Assert.False(await database.ReadAsync(db => Task.FromResult(db.Database.HasPendingModelChanges())));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task The_compiled_model_is_what_the_entities_say(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.EmptyAsync(kind);

        (IModel compiled, IModel built) = await database.ReadAsync(
            db => Task.FromResult((db.Model, db.GetService<IDesignTimeModel>().Model)));

        Assert.IsType<RuntimeModel>(compiled, exactMatch: false);
        Assert.IsNotType<RuntimeModel>(built, exactMatch: false);
        Assert.Equal(Columns(built), Columns(compiled)); // eng/dev/migrations.sh makes it anew
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_fresh_database_is_made_by_serving_and_opened_by_the_next(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.EmptyAsync(kind);
        Assert.Equal(SchemaState.Fresh, await database.Get<Database>().StateAsync(TestDatabase.Stop));

        await database.Get<Database>().OpenAsync(TestDatabase.Stop);
        byte[] ciphertext = database.Get<Secrets>().Protect(SecretKind.Otp, Guid.Empty, [1, 2, 3]);

        await using TestDatabase again = database.Again();
        await again.Get<Database>().OpenAsync(TestDatabase.Stop);
        Assert.Equal([1, 2, 3], again.Get<Secrets>().Unprotect(SecretKind.Otp, Guid.Empty, ciphertext));
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Two_nodes_that_start_at_once_make_it_once(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.EmptyAsync(kind);
        await using TestDatabase other = database.Again();

        await Task.WhenAll(
            Task.Run(() => database.Get<Database>().OpenAsync(TestDatabase.Stop), TestDatabase.Stop),
            Task.Run(() => other.Get<Database>().OpenAsync(TestDatabase.Stop), TestDatabase.Stop));

        Assert.Single(await database.ReadAsync(db => db.KeyRing.ToListAsync(TestDatabase.Stop)));
    }

    /// <summary>Between the tables and their rules it looks like a database of yesterday.</summary>
    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_node_that_comes_while_another_makes_the_tables_waits_for_it(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await using TestDatabase other = database.Again();
        string last = await database.ReadAsync(db => db.Database.SqlQuery<string>(
            $"""SELECT max("MigrationId") AS "Value" FROM "__EFMigrationsHistory" """).SingleAsync(TestDatabase.Stop));
        await WriteAsync(database, $"""DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" = '{last}'""");
        IAsyncDisposable making = await MigrationLock.TakeAsync(database.Settings, TestDatabase.Stop);

        Task opening = Task.Run(() => other.Get<Database>().OpenAsync(TestDatabase.Stop), TestDatabase.Stop);
        await Task.Delay(300, TestDatabase.Stop);
        Assert.False(opening.IsCompleted);
        await WriteAsync(database, $"""INSERT INTO "__EFMigrationsHistory" VALUES ('{last}', '10.0.0')""");
        await making.DisposeAsync();

        await opening;
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task A_newer_database_is_neither_served_nor_migrated(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await WriteAsync(database, """INSERT INTO "__EFMigrationsHistory" VALUES ('20990101000000_Later', '99.0.0')""");

        foreach (Func<CancellationToken, Task> act in new Func<CancellationToken, Task>[]
        {
            database.Get<Database>().OpenAsync,
            database.Get<Database>().MigrateAsync,
            database.Get<Database>().InitAsync,
        })
        {
            StorageException refused = await Assert.ThrowsAsync<StorageException>(() => act(TestDatabase.Stop));
            Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task An_older_database_is_not_served_before_it_is_migrated(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.EmptyAsync(kind);
        await using (ServerDbContext db =
            await database.Get<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(TestDatabase.Stop))
        {
            await db.Database.MigrateAsync("20261101000000_Initial", TestDatabase.Stop);
        }

        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => database.Get<Database>().OpenAsync(TestDatabase.Stop));
        Assert.Contains("sallyport-server migrate", refused.Message, StringComparison.Ordinal);

        await database.Get<Database>().MigrateAsync(TestDatabase.Stop);
        Assert.Equal(SchemaState.Current, await database.Get<Database>().StateAsync(TestDatabase.Stop));
    }

    [Fact]
    public async Task A_migration_that_was_killed_keeps_nobody_waiting()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await WriteAsync(
            database,
            """INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-11-25 12:00:00')""");

        await database.Get<Database>().MigrateAsync(TestDatabase.Stop)
            .WaitAsync(TimeSpan.FromSeconds(30), TestDatabase.Stop);
    }

    [Fact]
    public async Task PostgreSQL_that_acknowledges_before_the_disk_is_not_served()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Postgres);
        string name = new NpgsqlConnectionStringBuilder(database.Settings.Postgres).Database!;
        await WriteAsync(database, $"ALTER DATABASE {name} SET synchronous_commit = off");
        NpgsqlConnection.ClearAllPools();

        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => database.Get<Database>().OpenAsync(TestDatabase.Stop));
        Assert.Contains("synchronous_commit", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task Audit_events_are_neither_changed_nor_deleted(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<Transactions>().RunAsync(
            (db, _) => Task.FromResult(db.Add(TransactionsTests.Event("kept")).Entity.Id), TestDatabase.Stop);

        string[] changes = [
            "UPDATE audit_events SET \"Action\" = 'other'",
            "DELETE FROM audit_events",
            kind is DatabaseKind.Postgres
                ? "TRUNCATE audit_events"
                : "INSERT OR REPLACE INTO audit_events (\"Id\", \"At\", \"Action\", \"Result\", \"Reason\") "
                    + "SELECT \"Id\", 0, 'other', '', '' FROM audit_events"];
        foreach (string change in changes)
        {
            Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => WriteAsync(database, change));
            Assert.Contains("audit events are never", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [ClassData(typeof(BothDatabases))]
    public async Task What_phones_signed_is_neither_changed_nor_deleted(DatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await database.Get<Transactions>().RunAsync(
            (db, _) => Task.FromResult(db.Add(BackupTests.Signed("kept")).Entity), TestDatabase.Stop);

        string[] changes = [
            "UPDATE approvals SET \"Jws\" = 'other'",
            "DELETE FROM approvals",
            kind is DatabaseKind.Postgres
                ? "TRUNCATE approvals"
                : "INSERT OR REPLACE INTO approvals (\"TransactionId\", \"At\", \"DeviceKey\", \"PublicKey\", \"Jws\") "
                    + "SELECT \"TransactionId\", 0, '', x'', 'other' FROM approvals"];
        foreach (string change in changes)
        {
            Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => WriteAsync(database, change));
            Assert.Contains("approvals are never", refused.Message, StringComparison.Ordinal);
        }
    }

    internal static Task<int> WriteAsync(TestDatabase database, string sql) => database.Get<Transactions>().RunAsync(
        (db, stop) => db.Database.ExecuteSqlRawAsync(sql, stop), TestDatabase.Stop);

    private static string Columns(IModel model) => string.Join('\n', model.GetEntityTypes().Select(entity =>
        $"{entity.GetTableName()} {entity.ToDebugString(MetadataDebugStringOptions.ShortDefault)}\n" + string.Join('\n',
            entity.GetProperties().Select(property =>
                $"  {property.GetColumnName()} {property.GetColumnType()} {property.GetMaxLength()} "
                + $"{property.IsNullable} {property.GetTypeMapping().Converter?.ProviderClrType}"))));
}
