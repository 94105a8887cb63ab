using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Sallyport.Protocol;
using Sallyport.Server.Applications;
using Sallyport.Server.Audit;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.DuoApi;
using Sallyport.Server.Persistence;
using Sallyport.Server.Phone;
using Sallyport.Server.Push;
using Sallyport.Server.Tests.Storage;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests;

/// <summary>The server on loopback HTTP, with a database of its own and a clock that the test moves.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DatabaseSettings _settings;
    private bool _isAnother;
    private bool _isStopped;

    private TestServer(DatabaseSettings settings, FakeTimeProvider clock, Action<IServiceCollection>? replace)
    {
        (_settings, Clock) = (settings, clock);
        _app = Build(settings, clock, replace);
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public FakeTimeProvider Clock { get; }

    public DateTimeOffset Now => Clock.GetUtcNow();

    public TestLog Log => Get<TestLog>();

    public Uri Address => new(_app.Urls.Single());

    /// <summary>The first application that was added.</summary>
    public TestHost Host { get; private set; } = null!;

    public static async Task<TestServer> StartAsync(
        DatabaseKind kind, AddApplicationRequest? application = null, Action<IServiceCollection>? replace = null)
    {
        DatabaseSettings settings = new(
            Directory.CreateTempSubdirectory("sallyport-api-").FullName,
            kind is DatabaseKind.Postgres ? await PostgresServer.CreateDatabaseAsync() : null);
        TestServer server = new(settings, new(new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero)), replace);
        TestDatabase.GiveKeys(server.Get<KeyFiles>().Folder);
        await server.Get<Database>().InitAsync(Stop);
        server._app.MapPhone();
        server._app.MapDuoApi();
        await server._app.StartAsync(Stop);
        server.Host = await server.AddHostAsync(application ?? new("bastion"));
        return server;
    }

    /// <summary>
    /// One more on the same database: a second node, or on SQLite the next run of the first, which was stopped. It knows
    /// the first application. One that is not started is what a command is.
    /// </summary>
    public async Task<TestServer> AgainAsync(bool isStarted = true)
    {
        TestServer server = new(_settings, Clock, replace: null) { _isAnother = true };
        server._app.MapPhone();
        server._app.MapDuoApi();
        if (isStarted)
        {
            await server._app.StartAsync(Stop);
        }

        server.Host = Host with { Server = server };
        return server;
    }

    private static WebApplication Build(
        DatabaseSettings settings, FakeTimeProvider clock, Action<IServiceCollection>? replace)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        TestLog log = new();
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton(new Administrator("ada"));
        builder.Services.AddRoutingCore();
        builder.Services.AddPersistence(settings).AddAudit().AddApplications().AddUsers().AddDevices();
        builder.Services.AddPush().AddSingleton(new ServerName("sallyport.example"));
        builder.Services.AddAuthentications().AddPhone().AddDuoApi(new("https://sallyport.example/portal"));
        replace?.Invoke(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        return builder.Build();
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async Task<TestHost> AddHostAsync(AddApplicationRequest request)
    {
        var added = Assert.IsType<AddApplicationResult.Added>(await Get<AddApplication>().RunAsync(request, Stop));
        return new TestHost(this, added.IntegrationKey, added.SecretKey.Expose());
    }

    /// <summary>An active user with an authenticator app.</summary>
    public async Task<TestUser> EnrolAsync(string name, params string[] aliases)
    {
        TestUser user = await AddUserAsync(name, aliases);
        var added = Assert.IsType<AddTotpDeviceResult.Added>(await Get<AddTotpDevice>().RunAsync(new(name), Stop));
        return user with { Secret = added.Uri.Secret };
    }

    /// <summary>A user who has nothing.</summary>
    public async Task<TestUser> AddUserAsync(string name, params string[] aliases)
    {
        var added = Assert.IsType<AddUserResult.Added>(
            await Get<AddUser>().RunAsync(new(name) { Aliases = aliases }, Stop));
        return new(this, name, added.Key, null);
    }

    public async Task ChangeAsync(Func<ServerDbContext, Task> change)
    {
        await using ServerDbContext db = await Get<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(Stop);
        await change(db);
        await db.SaveChangesAsync(Stop);
        Clock.Advance(TimeSpan.FromSeconds(2)); // so that what is remembered of an application is read anew
    }

    public Task ChangeUserAsync(string name, Action<User> change) =>
        ChangeAsync(async db => change(await db.Users.SingleAsync(u => u.Name == name, Stop)));

    public Task ChangeApplicationAsync(Action<Application> change) =>
        ChangeAsync(async db => change(await db.Applications.SingleAsync(a => a.IntegrationKey == Host.Ikey, Stop)));

    public async Task<T> ReadAsync<T>(Func<ServerDbContext, Task<T>> read)
    {
        await using ServerDbContext db = await Get<IDbContextFactory<ServerDbContext>>().CreateDbContextAsync(Stop);
        return await read(db);
    }

    /// <summary>What was audited of logins, oldest first: "denied invalid_passcode duo_mobile_passcode".</summary>
    public Task<List<string>> AuditAsync() => ReadAsync(async db =>
    {
        List<AuditEvent> events = await db.AuditEvents
            .Where(e => e.Action == "authentication" || e.Action == "enrollment").ToListAsync(Stop);
        return events.OrderBy(e => e.At).ThenBy(e => e.Id).Select(e => $"{e.Result} {e.Reason} {e.Factor}").ToList();
    });

    /// <summary>Ends it, also while it is needed.</summary>
    public async Task StopAsync()
    {
        _isStopped = true;
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isStopped)
        {
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }

        if (_isAnother)
        {
            return;
        }

        if (_settings.Postgres is null)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        }
        else
        {
            await PostgresServer.DropDatabaseAsync(_settings.Postgres);
        }

        Directory.Delete(_settings.DataFolder, recursive: true);
    }
}

/// <param name="Secret">Of the authenticator app; null: he has none.</param>
internal sealed record TestUser(TestServer Server, string Name, string Key, OtpSecret? Secret)
{
    /// <summary>What the app shows now, or so many steps later.</summary>
    public string Passcode(int steps = 0)
    {
        var now = TimeStep.At(Server.Now, TimeSpan.FromSeconds(30));
        return Sallyport.Protocol.Passcode.FromNumber(Totp.Compute(Secret!, new(now.Value + steps)), 6).Expose();
    }

    /// <summary>Six digits that the app does not show now.</summary>
    public string WrongPasscode() => Enumerable.Range(0, 10).Select(d => new string((char)('0' + d), 6))
        .First(guess => Enumerable.Range(-1, 3).All(step => Passcode(step) != guess));
}

internal sealed class TestLog : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
