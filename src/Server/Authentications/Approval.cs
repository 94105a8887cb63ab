using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// The evidence that somebody decided: what his phone signed, as it came, and the key that it verifies with. It stays
/// when the phone is removed, like the audit event of the same transaction.
/// </summary>
internal sealed class Approval
{
    public required string TransactionId { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string DeviceKey { get; init; }

    /// <summary>SubjectPublicKeyInfo (RFC 5480).</summary>
    public required byte[] PublicKey { get; init; }

    /// <summary>docs/formats/approval.md.</summary>
    public required string Jws { get; init; }
}

internal sealed class ApprovalMapping : IEntityTypeConfiguration<Approval>
{
    public void Configure(EntityTypeBuilder<Approval> approval)
    {
        approval.ToTable("approvals");
        approval.HasKey(a => a.TransactionId);
        approval.Property(a => a.TransactionId).HasMaxLength(36);
        approval.HasIndex(a => a.At);
    }
}

internal static class ApprovalTable
{
    extension(ServerDbContext db)
    {
        public DbSet<Approval> Approvals => db.Set<Approval>();
    }
}
