using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>A network from which a user has approved a login: there a push may go without a number.</summary>
internal sealed class KnownSource
{
    public required UserId UserId { get; init; }

    /// <summary><see cref="SourceNetwork"/> of the ssh client's address; what is unknown is never known.</summary>
    public required string Source { get; init; }

    public required DateTimeOffset LastApproved { get; set; }

    public static async Task<bool> IsKnownAsync(
        ServerDbContext db, UserId user, Source source, DateTimeOffset since, CancellationToken cancellationToken)
    {
        string? network = source.Address is null ? null : SourceNetwork.Of(source.Address).ToString();
        return network is not null && await db.KnownSources.AnyAsync(
            s => s.UserId == user && s.Source == network && s.LastApproved >= since, cancellationToken);
    }

    public static async Task RememberAsync(
        ServerDbContext db, UserId user, string? address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (address is null)
        {
            return;
        }

        Guid id = user.Value;
        string network = SourceNetwork.Of(System.Net.IPAddress.Parse(address)).ToString();
        long at = now.ToUnixTimeMilliseconds();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO known_sources ("UserId", "Source", "LastApproved") VALUES ({id}, {network}, {at})
            ON CONFLICT ("UserId", "Source") DO UPDATE SET "LastApproved" = {at}
            """,
            cancellationToken);
    }
}

internal sealed class KnownSourceMapping : IEntityTypeConfiguration<KnownSource>
{
    public void Configure(EntityTypeBuilder<KnownSource> source)
    {
        source.ToTable("known_sources");
        source.HasKey(s => new { s.UserId, s.Source });
        source.Property(s => s.UserId).HasConversion(id => id.Value, value => new UserId(value));
        source.Property(s => s.Source).HasMaxLength(64);
        source.HasIndex(s => s.LastApproved);
        source.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal static class KnownSourceTable
{
    extension(ServerDbContext db)
    {
        public DbSet<KnownSource> KnownSources => db.Set<KnownSource>();
    }
}
