using System.Diagnostics;
using Npgsql;

[assembly: AssemblyFixture(typeof(Sallyport.Server.Tests.Storage.PostgresServer))]

namespace Sallyport.Server.Tests.Storage;

/// <summary>
/// A PostgreSQL of this test run's own, on a Unix socket, as an unprivileged user; begun by the first test that asks,
/// ended with the run, also where the run is killed: its shell waits for the end of its standard input.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private static readonly SemaphoreSlim _starting = new(1, 1);
    private static string? _folder;
    private static Process? _shell;
    private static int _databases;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_shell is not null)
        {
            NpgsqlConnection.ClearAllPools();
            _shell.StandardInput.Close();
            await _shell.WaitForExitAsync();
            _shell.Dispose();
        }
    }

    /// <summary>A new, empty database; its connection string.</summary>
    internal static async Task<string> CreateDatabaseAsync()
    {
        string folder = await StartedAsync();
        string name = $"test{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync(folder, $"CREATE DATABASE {name}");
        return Connection(folder, name);
    }

    internal static async Task DropDatabaseAsync(string connection)
    {
        NpgsqlConnectionStringBuilder to = new(connection);
        await using (NpgsqlConnection any = new(connection))
        {
            NpgsqlConnection.ClearPool(any);
        }

        await ExecuteAsync(to.Host!, $"DROP DATABASE {to.Database} WITH (FORCE)");
    }

    private static string Connection(string folder, string database) =>
        $"Host={folder};Username=sallyport;Database={database};Maximum Pool Size=16;Include Error Detail=true";

    private static async Task ExecuteAsync(string folder, string sql)
    {
        await using NpgsqlConnection connection = new(Connection(folder, "postgres"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> StartedAsync()
    {
        await _starting.WaitAsync();
        try
        {
            return _folder ??= await StartAsync();
        }
        finally
        {
            _starting.Release();
        }
    }

    private static async Task<string> StartAsync()
    {
        string programs = Directory.EnumerateDirectories("/usr/lib/postgresql").Select(v => Path.Combine(v, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb")))
            .OrderBy(bin => int.Parse(Path.GetFileName(Path.GetDirectoryName(bin)!)!))
            .LastOrDefault() ?? throw new InvalidOperationException(
                "PostgreSQL is missing: apt-get install postgresql");
        string folder = Directory.CreateTempSubdirectory("sallyport-pg-").FullName;
        if (Environment.UserName == "root")
        {
            // PostgreSQL refuses to run as root.
            using Process chown = Process.Start("chown", ["nobody", folder]);
            await chown.WaitForExitAsync();
        }

        string script =
            $"""
            cd '{folder}'
            '{programs}/initdb' -D data -A trust -U sallyport -E UTF8 --locale=C --no-sync >log 2>&1 || exit 1
            '{programs}/postgres' -D data -k '{folder}' -c listen_addresses= -c fsync=off -c max_connections=200 \
                -c log_statement=none >>log 2>&1 &
            server=$!
            cat >/dev/null
            kill -INT $server
            wait $server
            rm -rf data log
            """;
        string[] command = Environment.UserName == "root"
            ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c", script]
            : ["sh", "-c", script];
        _shell = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true })!;
        await UntilItAnswersAsync(folder);
        return folder;
    }

    private static async Task UntilItAnswersAsync(string folder)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                await ExecuteAsync(folder, "SELECT 1");
                return;
            }
            catch (NpgsqlException)
            {
                if (_shell!.HasExited || late.IsCancellationRequested)
                {
                    string log = Path.Combine(folder, "log");
                    throw new InvalidOperationException(File.Exists(log) ? File.ReadAllText(log) : "no log");
                }

                await Task.Delay(50);
            }
        }
    }
}
