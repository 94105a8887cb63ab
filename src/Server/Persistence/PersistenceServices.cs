using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sallyport.Server.Persistence;

internal static class PersistenceServices
{
    /// <summary>Adds the database, its transactions and the secrets at rest. Opens nothing yet.</summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, DatabaseSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddMetrics();
        if (settings.Postgres is null)
        {
            services.AddContexts<SqliteDbContext>(settings);
        }
        else
        {
            services.AddContexts<PostgresDbContext>(settings);
            services.AddHostedService<PostgresListener>();
            services.AddSingleton<PostgresNotices>();
            services.AddHostedService(provider => provider.GetRequiredService<PostgresNotices>());
        }

        return services
            .AddSingleton<CommitMeter>()
            .AddSingleton<Signals>()
            .AddSingleton<Node>()
            .AddSingleton<Transactions>()
            .AddSingleton<Database>()
            .AddSingleton<KeyFiles>()
            .AddSingleton<KeyRing>()
            .AddSingleton<Secrets>()
            .AddSingleton<BypassKey>();
    }

    private static void AddContexts<T>(this IServiceCollection services, DatabaseSettings settings)
        where T : ServerDbContext
    {
        services.AddPooledDbContextFactory<T>(settings.Use);
        services.AddSingleton<IDbContextFactory<ServerDbContext>, AnyKind<T>>();
    }

    private sealed class AnyKind<T>(IDbContextFactory<T> contexts) : IDbContextFactory<ServerDbContext>
        where T : ServerDbContext
    {
        public ServerDbContext CreateDbContext() => contexts.CreateDbContext();

        public async Task<ServerDbContext> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await contexts.CreateDbContextAsync(cancellationToken);
    }
}
