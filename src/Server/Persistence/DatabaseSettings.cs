using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Sallyport.Server.Persistence;

/// <summary>Where the database is: PostgreSQL by its one setting, else a SQLite file in the data folder.</summary>
/// <param name="DataFolder">Also where the key files are, whatever the database.</param>
/// <param name="Postgres">A connection string of Npgsql; null: SQLite.</param>
internal sealed record DatabaseSettings(string DataFolder, string? Postgres)
{
    /// <summary>To PostgreSQL, of one server, where the setting says nothing else; one that listens and one that tells come to it.</summary>
    public const int MostConnections = 30;

    private const int MostPrepared = 100;
    private const int NpgsqlPool = 100;
    private static readonly SqlitePragmas _pragmas = new();

    public string SqliteFile => Path.Combine(DataFolder, "sallyport.db");

    public void Use(DbContextOptionsBuilder builder)
    {
        if (Postgres is null)
        {
            UseSqlite(builder, pooling: true);
        }
        else
        {
            UsePostgres(builder, Postgres);
        }
    }

    /// <summary>A connection that is nobody else's, and gone when it is closed.</summary>
    public void UseForWriter(DbContextOptionsBuilder builder) => UseSqlite(builder, pooling: false);

    // On its own: a server on SQLite then never loads Npgsql, which would be megabytes of its memory.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UsePostgres(DbContextOptionsBuilder builder, string connection)
    {
        // A login does not wait longer for a database that is gone, where the setting says nothing else.
        DbConnectionStringBuilder said = new() { ConnectionString = connection };
        NpgsqlConnectionStringBuilder server = new(connection);
        server.Timeout = said.ContainsKey("Timeout") ? server.Timeout : 5;
        server.CommandTimeout = said.ContainsKey("Command Timeout") ? server.CommandTimeout : 10;

        // Npgsql's own 100 are all that PostgreSQL has as it comes: two servers together would refuse logins for want of
        // them. An act takes milliseconds, so few serve many; the others wait here.
        server.MaxPoolSize = server.MaxPoolSize == NpgsqlPool ? MostConnections : server.MaxPoolSize;

        // The same few statements again and again: parsed and planned once a connection.
        server.MaxAutoPrepare = said.ContainsKey("Max Auto Prepare") ? server.MaxAutoPrepare : MostPrepared;
        builder.UseNpgsql(server.ToString());
    }

    private void UseSqlite(DbContextOptionsBuilder builder, bool pooling)
    {
        SqliteConnectionStringBuilder file = new() { DataSource = SqliteFile, DefaultTimeout = 5, Pooling = pooling };
        builder.UseSqlite(file.ToString()).AddInterceptors(_pragmas);
    }
}
