using Npgsql;

namespace Sallyport.Server.Persistence;

/// <summary>
/// Lets one process at a time make or change the schema, or the key ring's first key: two nodes may start at once. It
/// ends with its holder, however he ends. EF Core's own lock on SQLite is a row, which a killed process leaves behind
/// for ever.
/// </summary>
internal static class MigrationLock
{
    private const long PostgresKey = 0x53616c6c79706f72; // "Sallypor", in PostgreSQL's space of advisory locks
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    public static async Task<IAsyncDisposable> TakeAsync(DatabaseSettings settings, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(_patience);
        try
        {
            return settings.Postgres is null
                ? await TakeFileAsync(Path.Combine(settings.DataFolder, "migrate.lock"), late.Token)
                : await TakeAdvisoryAsync(settings.Postgres, late.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StorageException(
                "Another process has been changing the database for two minutes. Try again after it.");
        }
    }

    private static async Task<IAsyncDisposable> TakeFileAsync(string file, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(file, new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None, // flock
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    private static async Task<IAsyncDisposable> TakeAdvisoryAsync(string settings, CancellationToken cancellationToken)
    {
        // Its own connection: the lock is the session's, and ends with it.
        NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(settings) { Pooling = false }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using NpgsqlCommand command = new($"SELECT pg_advisory_lock({PostgresKey})", connection);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
