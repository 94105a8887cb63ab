using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Migrations;

/// <summary>For <c>dotnet ef</c> alone, which asks no database.</summary>
internal sealed class SqliteDesign : IDesignTimeDbContextFactory<SqliteDbContext>
{
    public SqliteDbContext CreateDbContext(string[] args)
    {
        DbContextOptionsBuilder<SqliteDbContext> options = new();
        new DatabaseSettings("/nonexistent", Postgres: null).Use(options);
        return new(options.Options);
    }
}

/// <inheritdoc cref="SqliteDesign"/>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresDbContext>
{
    public PostgresDbContext CreateDbContext(string[] args)
    {
        DbContextOptionsBuilder<PostgresDbContext> options = new();
        new DatabaseSettings("/nonexistent", Postgres: "Host=/nonexistent").Use(options);
        return new(options.Options);
    }
}
