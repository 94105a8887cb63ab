using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Sallyport.Server.Persistence;

/// <summary>
/// What each connection to SQLite is told before it is used: most of it is forgotten when a connection closes. FULL: a
/// commit has reached the disk when it returns, also in WAL mode.
/// </summary>
internal sealed class SqlitePragmas : DbConnectionInterceptor
{
    public const string Text =
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = Text;
        command.ExecuteNonQuery();
    }

    // SQLite's calls are synchronous underneath in any case.
    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
