using System.Diagnostics;
using System.Security.Cryptography;
using Npgsql;

namespace Sallyport.Bench;

/// <summary>
/// A PostgreSQL with the settings that it comes with, durable, on loopback, as an unprivileged user. Its shell ends it
/// when its standard input ends, also where the bench is killed.
/// </summary>
internal sealed class PostgresProcess : IAsyncDisposable
{
    private readonly Process _shell;
    private readonly string _connection;
    private readonly string _folder;
    private int _databases;

    private PostgresProcess(Process shell, string connection, string folder) =>
        (_shell, _connection, _folder) = (shell, connection, folder);

    public static async Task<PostgresProcess> StartAsync(Options options, string root)
    {
        string folder = Directory.CreateDirectory(Path.Combine(root, "postgres")).FullName;
        string password = RandomNumberGenerator.GetHexString(32);
        await File.WriteAllTextAsync(Path.Combine(folder, "password"), password);
        int port = 20_000 + RandomNumberGenerator.GetInt32(10_000);
        bool isRoot = Environment.UserName == "root";
        if (isRoot)
        {
            await RunAsync("chmod", "go+x", root);
            await RunAsync("chown", "-R", "nobody", folder);
        }

        string script =
            $"""
            cd '{folder}'
            '{options.Postgres}/initdb' -D data -A scram-sha-256 --pwfile=password -U bench -E UTF8 --locale=C >log 2>&1 || exit 1
            '{options.Postgres}/postgres' -D data -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
                -c fsync=on -c synchronous_commit=on >>log 2>&1 &
            server=$!
            cat >/dev/null
            kill -INT $server
            wait $server
            """;
        string[] command = isRoot
            ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c", script]
            : ["sh", "-c", script];
        Process shell = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true })!;
        string connection = $"Host=127.0.0.1;Port={port};Username=bench;Password={password};Database=postgres";
        PostgresProcess postgres = new(shell, connection, folder);
        for (int i = 0; ; i++)
        {
            try
            {
                await ExecuteAsync(connection, "SELECT 1");
                return postgres;
            }
            catch (NpgsqlException) when (!shell.HasExited && i < 600)
            {
                await Task.Delay(100);
            }
        }
    }

    public static async Task ExecuteAsync(string connection, string sql)
    {
        await using NpgsqlConnection to = new(connection);
        await to.OpenAsync();
        await using NpgsqlCommand command = new(sql, to);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A new, empty database; its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"bench{++_databases}";
        await ExecuteAsync(_connection, $"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(_connection) { Database = name }.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
    }
}
