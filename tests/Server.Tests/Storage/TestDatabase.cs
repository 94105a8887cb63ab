using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Maintenance;
using Sallyport.Server.Persistence;
using Sallyport.Server.Push;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Storage;

public enum DatabaseKind
{
    Sqlite,
    Postgres,
}

public sealed class BothDatabases : TheoryData<DatabaseKind>
{
    public BothDatabases() : base(DatabaseKind.Sqlite, DatabaseKind.Postgres)
    {
    }
}

/// <summary>A server's storage with everything but the server: a data folder and a database of its own.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<string> _keys = new(() =>
    {
        KeyFiles files = new(
            new DatabaseSettings(Directory.CreateTempSubdirectory("sallyport-keys-").FullName, Postgres: null));
        files.Create(new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero));
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            Directory.Delete(Path.GetDirectoryName(files.Folder)!, recursive: true);
        return files.Folder;
    });

    private TestDatabase(DatabaseSettings settings, TimeProvider clock)
    {
        Settings = settings;
        ServiceCollection services = new();
        services.AddSingleton(clock).AddSingleton(new Administrator("ada"));
        services.AddPersistence(settings).AddAudit().AddApplications().AddUsers().AddDevices();
        services.AddPush().AddSingleton(new ServerName("sallyport.example")).AddLogging();
        services.AddAuthentications().AddMaintenance();
        Services = services.BuildServiceProvider();
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public DatabaseSettings Settings { get; }

    public ServiceProvider Services { get; }

    public FakeTimeProvider Clock => (FakeTimeProvider)Get<TimeProvider>();

    /// <summary>An empty data folder and an empty database.</summary>
    public static async Task<TestDatabase> EmptyAsync(DatabaseKind kind) => new(
        new DatabaseSettings(
            Directory.CreateTempSubdirectory("sallyport-db-").FullName,
            kind is DatabaseKind.Postgres ? await PostgresServer.CreateDatabaseAsync() : null),
        new FakeTimeProvider(new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero)));

    /// <summary>With schema and key files, as after <c>init</c>.</summary>
    /// <param name="ownKeys">Makes them; else they are the run's, because a new RSA key takes its time.</param>
    public static async Task<TestDatabase> CreateAsync(DatabaseKind kind, bool ownKeys = false)
    {
        TestDatabase database = await EmptyAsync(kind);
        if (!ownKeys)
        {
            GiveKeys(database.Get<KeyFiles>().Folder);
        }

        await database.Get<Database>().InitAsync(Stop);
        return database;
    }

    /// <summary>
    /// The same database and folder, as a second process would have it; disposed of before the first.
    /// </summary>
    public TestDatabase Again() => new(Settings, Clock) { Borrowed = true };

    /// <summary>The run's key files, because a new RSA key takes its time.</summary>
    public static void GiveKeys(string folder) => CopyFolder(_keys.Value, folder);

    public static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public async Task<T> ReadAsync<T>(Func<ServerDbContext, Task<T>> read)
    {
        await using ServerDbContext db = await Get<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(Stop);
        return await read(db);
    }

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        if (Borrowed)
        {
            return;
        }

        if (Settings.Postgres is null)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        }
        else
        {
            await PostgresServer.DropDatabaseAsync(Settings.Postgres);
        }

        Directory.Delete(Settings.DataFolder, recursive: true);
    }

    private bool Borrowed { get; init; }
}
