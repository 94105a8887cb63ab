using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Sallyport.Server.Persistence;

internal static class Duplicates
{
    private const int SqliteUnique = 2067; // SQLITE_CONSTRAINT_UNIQUE
    private const int SqlitePrimaryKey = 1555; // SQLITE_CONSTRAINT_PRIMARYKEY

    extension(DbUpdateException failure)
    {
        /// <summary>Whether a row with that key or name is there already: somebody else was faster.</summary>
        public bool IsDuplicate => failure.InnerException switch
        {
            SqliteException sqlite => sqlite.SqliteExtendedErrorCode is SqliteUnique or SqlitePrimaryKey,
            PostgresException postgres => postgres.SqlState == PostgresErrorCodes.UniqueViolation,
            _ => false,
        };
    }
}
