using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Hosting;

/// <summary>Everything that the server is made of. A test replaces what it must after this: the clock.</summary>
internal static class ServerServices
{
    public static IServiceCollection AddSallyportServer(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(settings.Database);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ServerCertificates>();
        services.AddHostedService<CertificateWatch>();
        services.AddSingleton<ConnectionLimit>();
        services.AddSingleton<Readiness>();
        services.AddHostedService<SystemdNotice>();
        services.AddDatabase(settings.Database);
        return services;
    }

    private static void AddDatabase(this IServiceCollection services, DatabaseSettings database)
    {
        if (database.Postgres is null)
        {
            services.AddPooledDbContextFactory<SqliteDbContext>(database.Use);
            services.AddSingleton<IDbContextFactory<ServerDbContext>, Contexts<SqliteDbContext>>();
        }
        else
        {
            services.AddPooledDbContextFactory<PostgresDbContext>(database.Use);
            services.AddSingleton<IDbContextFactory<ServerDbContext>, Contexts<PostgresDbContext>>();
        }

        services.AddSingleton<Transactions>();
    }

    private sealed class Contexts<T>(IDbContextFactory<T> factory) : IDbContextFactory<ServerDbContext>
        where T : ServerDbContext
    {
        public ServerDbContext CreateDbContext() => factory.CreateDbContext();
    }
}
