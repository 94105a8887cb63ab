using System.Buffers;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Maintenance;

internal sealed record BackupResult(long Rows);

/// <summary>
/// Writes all tables of a live database, as they were at one instant, into one file that either kind of database can be
/// restored from (docs/formats/backup.md). The key files are left out: who steals a backup opens no secret in it.
/// </summary>
internal sealed class Backup(
    IDbContextFactory<ServerDbContext> contexts,
    Transactions transactions,
    Database database,
    AdministratorAudit audit,
    TimeProvider time)
{
    /// <param name="file">Must not be there.</param>
    /// <exception cref="StorageException">The database's schema is not this program's.</exception>
    /// <exception cref="IOException">The file is there, or FILE.unfinished, or cannot be written.</exception>
    public async Task<BackupResult> RunAsync(string file, CancellationToken cancellationToken)
    {
        if (await database.StateAsync(cancellationToken) is not SchemaState.Current)
        {
            throw new StorageException(
                "The database's schema is not this program's: back up with the version of sallyport-server that made "
                + "it.");
        }

        if (Path.Exists(file))
        {
            throw new IOException($"The file '{file}' already exists.");
        }

        string unfinished = file + ".unfinished";
        BackupResult result;
        await using (FileStream stream = Create(unfinished))
        {
            try
            {
                result = await WriteAsync(stream, cancellationToken);
                stream.Flush(flushToDisk: true);
                File.Move(unfinished, file, overwrite: false);
            }
            catch
            {
                File.Delete(unfinished); // it is ours: it was not there before
                throw;
            }
        }

        return await transactions.RunAsync(
            (db, _) =>
            {
                audit.Add(db, AuditActions.Backup, detail: $"{result.Rows} rows");
                return Task.FromResult(result);
            },
            cancellationToken);
    }

    /// <summary>
    /// Never one that is there: it may be a link, or somebody may hold it open who is not to read a backup.
    /// </summary>
    private static FileStream Create(string unfinished)
    {
        try
        {
            return new FileStream(unfinished, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException) when (Path.Exists(unfinished) || new FileInfo(unfinished).LinkTarget is not null)
        {
            throw new IOException(
                $"'{unfinished}' is there: another backup is being written, one was cut off, or somebody put it there. "
                + "See whose it is, and remove it; or write into a folder that is yours alone.");
        }
    }

    private async Task<BackupResult> WriteAsync(FileStream stream, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.OpenConnectionAsync(cancellationToken);
        // One snapshot for all tables. A deferred transaction on SQLite reads one and keeps no writer waiting.
        await ExecuteAsync(
            db,
            db is SqliteDbContext ? "BEGIN DEFERRED" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            cancellationToken);
        BackupWriter writer = new(stream);
        writer.Header(time.GetUtcNow(), db.Database.GetMigrations().Last());
        foreach (TableShape table in TableShape.Of(db))
        {
            writer.Table(table);
            await using DbCommand command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = table.Select;
            command.CommandTimeout = 0;
            await using DbDataReader row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                writer.Row(table, row);
            }
        }

        await ExecuteAsync(db, "COMMIT", cancellationToken);
        return new BackupResult(writer.End());
    }

    private static async Task ExecuteAsync(ServerDbContext db, string sql, CancellationToken cancellationToken)
    {
        await using DbCommand command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>The lines of a backup, and the hash over them.</summary>
internal sealed class BackupWriter(Stream stream)
{
    public const string Format = "sallyport-backup";
    public const int Version = 1;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _rows;

    public void Header(DateTimeOffset at, string migration) => Line(json =>
    {
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("at", at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteString("migration", migration);
        json.WriteEndObject();
    });

    public void Table(TableShape table) => Line(json =>
    {
        json.WriteStartObject();
        json.WriteString("table", table.Name);
        json.WriteStartArray("columns");
        foreach (TableShape.Column column in table.Columns)
        {
            json.WriteStringValue(column.Name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public void Row(TableShape table, DbDataReader row)
    {
        _rows++;
        Line(json =>
        {
            json.WriteStartArray();
            for (int i = 0; i < table.Columns.Count; i++)
            {
                Value(json, row, i, table.Columns[i].Type);
            }

            json.WriteEndArray();
        });
    }

    /// <summary>How many rows there were.</summary>
    public long End()
    {
        string hash = Convert.ToHexStringLower(_hash.GetCurrentHash());
        Line(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("rows", _rows);
            json.WriteString("sha256", hash);
            json.WriteEndObject();
        });
        _hash.Dispose();
        return _rows;
    }

    private static void Value(Utf8JsonWriter json, DbDataReader row, int column, Type type)
    {
        if (row.IsDBNull(column))
        {
            json.WriteNullValue();
        }
        else if (type == typeof(string))
        {
            json.WriteStringValue(row.GetString(column));
        }
        else if (type == typeof(byte[]))
        {
            json.WriteBase64StringValue(row.GetFieldValue<byte[]>(column));
        }
        else if (type == typeof(Guid))
        {
            json.WriteStringValue(row.GetGuid(column));
        }
        else if (type == typeof(bool))
        {
            json.WriteBooleanValue(row.GetBoolean(column));
        }
        else
        {
            json.WriteNumberValue(type == typeof(int) ? row.GetInt32(column) : row.GetInt64(column));
        }
    }

    private void Line(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> line = new(256);
        using (Utf8JsonWriter json = new(line))
        {
            write(json);
        }

        line.Write("\n"u8);
        _hash.AppendData(line.WrittenSpan);
        stream.Write(line.WrittenSpan);
    }
}
