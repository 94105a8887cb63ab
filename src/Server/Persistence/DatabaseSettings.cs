using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>Where the database is: PostgreSQL by its one setting, else a SQLite file in the data folder.</summary>
/// <param name="Postgres">A connection string of Npgsql; null: SQLite.</param>
internal sealed record DatabaseSettings(string DataFolder, string? Postgres)
{
    public string SqliteFile => Path.Combine(DataFolder, "sallyport.db");

    public void Use(DbContextOptionsBuilder builder)
    {
        if (Postgres is not null)
        {
            builder.UseNpgsql(Postgres);
        }
        else
        {
            builder.UseSqlite(new SqliteConnectionStringBuilder { DataSource = SqliteFile, ForeignKeys = true }.ToString());
        }
    }
}
