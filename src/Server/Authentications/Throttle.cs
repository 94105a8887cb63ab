using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>Wrong passcodes from one source, for one user or in one application.</summary>
internal sealed class Throttle
{
    /// <summary>The user, the hash of a name that nobody has, or the application.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary><see cref="Source.Key"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Since <see cref="Since"/>.</summary>
    public required int Failures { get; set; }

    public required DateTimeOffset Since { get; set; }

    /// <summary>No passcode from there is looked at before; null: it is.</summary>
    public DateTimeOffset? BlockedUntil { get; set; }
}

internal sealed class ThrottleMapping : IEntityTypeConfiguration<Throttle>
{
    public void Configure(EntityTypeBuilder<Throttle> throttle)
    {
        throttle.ToTable("throttles");
        throttle.HasKey(t => new { t.SubjectId, t.Source });
        throttle.Property(t => t.Source).HasMaxLength(64);
        throttle.HasIndex(t => t.Since);
    }
}

internal static class ThrottleTable
{
    extension(ServerDbContext db)
    {
        public DbSet<Throttle> Throttles => db.Set<Throttle>();
    }
}
