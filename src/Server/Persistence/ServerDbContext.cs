using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>The database. It knows no slice: each maps its own tables, beside its entities.</summary>
internal abstract class ServerDbContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>What an act wakes when it is durable (<see cref="Signals"/>); an act that fails wakes nobody.</summary>
    public HashSet<string> Wakes { get; } = new(StringComparer.Ordinal);

    /// <summary>What an act counts, as many times as it stands here, when it is durable.</summary>
    public List<Action> Counts { get; } = [];

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(ServerDbContext).Assembly);

    // Milliseconds since 1970: SQLite can neither compare nor sort a DateTimeOffset.
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
}

/// <summary>One file, one node. Its migrations are in Migrations/Sqlite.</summary>
internal sealed class SqliteDbContext(DbContextOptions<SqliteDbContext> options) : ServerDbContext(options);

/// <summary>As many nodes as wanted. Its migrations are in Migrations/Postgres.</summary>
internal sealed class PostgresDbContext(DbContextOptions<PostgresDbContext> options) : ServerDbContext(options);
