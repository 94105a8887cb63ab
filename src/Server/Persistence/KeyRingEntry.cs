using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Sallyport.Server.Persistence;

/// <summary>An element of Data Protection's key ring; the key in it is encrypted to the nodes' certificate.</summary>
internal sealed class KeyRingEntry
{
    public required Guid Id { get; init; }

    public required string Xml { get; init; }
}

internal sealed class KeyRingMapping : IEntityTypeConfiguration<KeyRingEntry>
{
    public void Configure(EntityTypeBuilder<KeyRingEntry> entry)
    {
        entry.ToTable("key_ring");
        entry.HasKey(e => e.Id);
        entry.Property(e => e.Id).ValueGeneratedNever();
    }
}

internal static class KeyRingTable
{
    extension(ServerDbContext db)
    {
        public DbSet<KeyRingEntry> KeyRing => db.Set<KeyRingEntry>();
    }
}
