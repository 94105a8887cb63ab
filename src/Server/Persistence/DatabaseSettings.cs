using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>Where the database is: PostgreSQL by its one setting, else a SQLite file in the data folder.</summary>
/// <param name="DataFolder">Also where the key files are, whatever the database.</param>
/// <param name="Postgres">A connection string of Npgsql; null: SQLite.</param>
internal sealed record DatabaseSettings(string DataFolder, string? Postgres)
{
    private static readonly SqlitePragmas _pragmas = new();

    public string SqliteFile => Path.Combine(DataFolder, "sallyport.db");

    public void Use(DbContextOptionsBuilder builder)
    {
        if (Postgres is not null)
        {
            builder.UseNpgsql(Postgres);
        }
        else
        {
            SqliteConnectionStringBuilder file = new() { DataSource = SqliteFile, DefaultTimeout = 5 };
            builder.UseSqlite(file.ToString()).AddInterceptors(_pragmas);
        }
    }
}
