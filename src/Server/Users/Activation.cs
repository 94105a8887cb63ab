using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

/// <summary>A code with which a user adds one phone. It is deleted by who uses it.</summary>
internal sealed class Activation
{
    /// <summary>HMAC-SHA-256 of the code under a key outside the database; it is looked up by this alone.</summary>
    public required byte[] Mac { get; init; }

    public required UserId UserId { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

internal sealed class ActivationMapping : IEntityTypeConfiguration<Activation>
{
    public void Configure(EntityTypeBuilder<Activation> activation)
    {
        activation.ToTable("activations");
        activation.HasKey(a => a.Mac);
        activation.Property(a => a.Mac).HasMaxLength(32);
        activation.Property(a => a.UserId).HasConversion(id => id.Value, value => new UserId(value));
        activation.HasOne<User>().WithMany().HasForeignKey(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal static class ActivationTable
{
    extension(ServerDbContext db)
    {
        public DbSet<Activation> Activations => db.Set<Activation>();
    }
}
