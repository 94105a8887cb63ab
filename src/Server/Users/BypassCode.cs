using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

internal readonly record struct BypassCodeId(Guid Value);

/// <summary>A code from an administrator that stands for a factor once, or a few times.</summary>
internal sealed class BypassCode
{
    public required BypassCodeId Id { get; init; }

    public required UserId UserId { get; init; }

    /// <summary>HMAC-SHA-256 under a key outside the database: who has the database alone cannot guess codes.</summary>
    public required byte[] Mac { get; init; }

    /// <summary>Null: it does not end.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How often it can still be used; 0: not any more.</summary>
    public required int RemainingUses { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class BypassCodeMapping : IEntityTypeConfiguration<BypassCode>
{
    public void Configure(EntityTypeBuilder<BypassCode> code)
    {
        code.ToTable("bypass_codes");
        code.HasKey(c => c.Id);
        code.Property(c => c.Id).HasConversion(id => id.Value, value => new BypassCodeId(value)).ValueGeneratedNever();
        code.Property(c => c.UserId).HasConversion(id => id.Value, value => new UserId(value));
        code.HasIndex(c => new { c.UserId, c.Mac }).IsUnique();
        code.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal static class BypassCodeTable
{
    extension(ServerDbContext db)
    {
        public DbSet<BypassCode> BypassCodes => db.Set<BypassCode>();
    }
}
