using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Tests.Storage;

public sealed class ConnectionTests
{
    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")] // FULL
    [InlineData("foreign_keys", "1")]
    [InlineData("busy_timeout", "5000")]
    public async Task Each_connection_to_SQLite_is_told(string pragma, string expected)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);

        string read = await database.ReadAsync(
            db => db.Database.SqlQueryRaw<string>(PragmaSql(pragma)).SingleAsync(TestDatabase.Stop));
        string written = await database.Get<Transactions>().RunAsync(
            (db, stop) => db.Database.SqlQueryRaw<string>(PragmaSql(pragma)).SingleAsync(stop), TestDatabase.Stop);

        Assert.Equal((expected, expected), (read, written));
    }

    private static string PragmaSql(string pragma) => pragma switch
    {
        "busy_timeout" => "SELECT CAST(timeout AS TEXT) AS \"Value\" FROM pragma_busy_timeout",
        _ => $"SELECT CAST({pragma} AS TEXT) AS \"Value\" FROM pragma_{pragma}",
    };
}
