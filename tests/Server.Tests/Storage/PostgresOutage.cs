using Npgsql;

namespace Sallyport.Server.Tests.Storage;

/// <summary>A database whose server can go away and come back, for those who connect through it.</summary>
internal sealed class PostgresOutage : IDisposable
{
    private const string Socket = ".s.PGSQL.5432";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-pg-away-");
    private readonly NpgsqlConnectionStringBuilder _direct;

    private PostgresOutage(string direct)
    {
        _direct = new(direct);
        Connection = new NpgsqlConnectionStringBuilder(direct) { Host = _folder.FullName }.ConnectionString;
        Return();
    }

    public string Connection { get; }

    public static async Task<PostgresOutage> CreateAsync() => new(await PostgresServer.CreateDatabaseAsync());

    /// <summary>No new connection is taken, and those that are there end.</summary>
    public async Task LeaveAsync()
    {
        File.Delete(Path.Combine(_folder.FullName, Socket));
        await using NpgsqlConnection connection = new(
            new NpgsqlConnectionStringBuilder(_direct.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand end = new(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            + "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            connection);
        await end.ExecuteNonQueryAsync();
    }

    public void Return() => File.CreateSymbolicLink(
        Path.Combine(_folder.FullName, Socket), Path.Combine(_direct.Host!, Socket));

    public void Dispose() => _folder.Delete(recursive: true);
}
