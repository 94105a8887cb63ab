using System.Data.Common;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;
using Database = Sallyport.Server.Persistence.Database;

namespace Sallyport.Server.Maintenance;

/// <param name="TokensOutOfStep">Hardware tokens that wait for <see cref="ResyncDevice"/>.</param>
internal sealed record RestoreResult(long Rows, int TokensOutOfStep);

/// <summary>
/// Fills an empty database from a backup. What may have been used since the backup was made is void: bypass codes,
/// invitations, waiting logins, and passcodes up to now. Which those of a hardware token are nobody knows: it waits until
/// two of its passcodes say where it stands.
/// </summary>
internal sealed class Restore(
    IDbContextFactory<ServerDbContext> contexts,
    Transactions transactions,
    Database database,
    KeyRing ring,
    BypassKey bypassKey,
    AdministratorAudit audit,
    TimeProvider time)
{
    /// <exception cref="StorageException">The database is not empty, or the key files are not the backup's.</exception>
    /// <exception cref="InvalidDataException">No whole backup.</exception>
    public async Task<RestoreResult> RunAsync(string file, CancellationToken cancellationToken)
    {
        BackupReader backup = new(file);
        string migration = backup.Verify();
        bypassKey.Verify();
        ring.Verify([.. RingOf(backup)]);
        await database.MigrateAsync(cancellationToken);
        await using ServerDbContext model = await contexts.CreateDbContextAsync(cancellationToken);
        if (migration != model.Database.GetMigrations().Last())
        {
            throw new StorageException(
                $"The backup is of the schema {migration}. Restore it with the version of sallyport-server that made "
                + "it, then migrate.");
        }

        IReadOnlyList<TableShape> tables = TableShape.Of(model);
        return await transactions.RunAsync(
            async (db, stop) =>
            {
                foreach (TableShape table in tables)
                {
                    await RefuseRowsAsync(db, table, stop);
                }

                long rows = await FillAsync(db, backup, tables, stop);
                int tokens = await VoidAsync(db, time.GetUtcNow(), stop);
                audit.Add(db, AuditActions.Restore, detail: $"{rows} rows; bypass codes, invitations and used passcodes are void");
                return new RestoreResult(rows, tokens);
            },
            cancellationToken);
    }

    private static IEnumerable<string> RingOf(BackupReader backup) => backup.Rows("key_ring")
        .Select(r => r.Row[r.Columns.ToList().IndexOf(nameof(KeyRingEntry.Xml))].GetString()!);

    private static async Task RefuseRowsAsync(ServerDbContext db, TableShape table, CancellationToken cancellationToken)
    {
        await using DbCommand command = Command(db, $"SELECT 1 FROM \"{table.Name}\" LIMIT 1");
        if (await command.ExecuteScalarAsync(cancellationToken) is not null)
        {
            throw new StorageException(
                $"The database is not empty (table {table.Name}). A restore fills a new one: another data folder or "
                + "database.");
        }
    }

    private static async Task<long> FillAsync(
        ServerDbContext db, BackupReader backup, IReadOnlyList<TableShape> tables, CancellationToken cancellationToken)
    {
        DbCommand? insert = null;
        TableShape? table = null;
        long rows = 0;
        try
        {
            foreach ((string name, IReadOnlyList<string> columns, JsonElement row) in backup.Rows())
            {
                if (table?.Name != name)
                {
                    table = tables.SingleOrDefault(t => t.Name == name)
                        ?? throw new InvalidDataException($"no table of this schema: {name}");
                    if (!table.Columns.Select(c => c.Name).SequenceEqual(columns))
                    {
                        throw new InvalidDataException($"other columns than this schema's: {name}");
                    }

                    await (insert?.DisposeAsync() ?? ValueTask.CompletedTask);
                    insert = await BeginTableAsync(db, table, cancellationToken);
                }

                for (int i = 0; i < table.Columns.Count; i++)
                {
                    insert!.Parameters[i].Value = TableShape.Read(row[i], table.Columns[i].Type);
                }

                rows += await insert!.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        finally
        {
            await (insert?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        return rows;
    }

    private static async Task<DbCommand> BeginTableAsync(
        ServerDbContext db, TableShape table, CancellationToken cancellationToken)
    {
        if (table.Name == "aliases")
        {
            // The trigger has entered the users' own names; the backup has them too.
            await db.Aliases.ExecuteDeleteAsync(cancellationToken);
        }

        DbCommand insert = Command(db, table.Insert);
        for (int i = 0; i < table.Columns.Count; i++)
        {
            DbParameter parameter = insert.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            insert.Parameters.Add(parameter);
        }

        return insert;
    }

    private static async Task<int> VoidAsync(
        ServerDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.BypassCodes.ExecuteDeleteAsync(cancellationToken);
        await db.Activations.ExecuteDeleteAsync(cancellationToken);
        await db.PendingPushes.ExecuteDeleteAsync(cancellationToken);
        await db.Authentications.ExecuteDeleteAsync(cancellationToken);
        await db.Users.ExecuteUpdateAsync(
            u => u.SetProperty(x => x.InvitationMac, (byte[]?)null)
                .SetProperty(x => x.InvitedUntil, (DateTimeOffset?)null),
            cancellationToken);
        long seconds = now.ToUnixTimeSeconds();
        // One step more: what a phone whose clock is ahead has shown and its owner has used.
        await db.Devices
            .Where(d => d.Kind == DeviceKind.Totp && d.LastUsedStep < (seconds / d.Period) + 1)
            .ExecuteUpdateAsync(
                d => d.SetProperty(x => x.LastUsedStep, x => (seconds / x.Period) + 1), cancellationToken);
        return await db.Devices
            .Where(d => d.Kind == DeviceKind.Hotp)
            .ExecuteUpdateAsync(d => d.SetProperty(x => x.OutOfStep, true), cancellationToken);
    }

    private static DbCommand Command(ServerDbContext db, string sql)
    {
        DbCommand command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        return command;
    }
}
