using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Protocol.Approvals;
using Sallyport.Server.Applications;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// A login that waits for a phone: what it was opened with, so that the record that the phone signs can be built again.
/// It is there as long as nothing is decided, and who deletes it decides (docs/formats/transaction.md).
/// </summary>
internal sealed class PendingPush
{
    public required string TransactionId { get; init; }

    public required IntegrationId ApplicationId { get; init; }

    public required UserId UserId { get; init; }

    /// <summary>The phone that was asked; no other answers.</summary>
    public required DeviceId DeviceId { get; init; }

    public required string DeviceKey { get; init; }

    public required string ApplicationName { get; init; }

    public required string ApplicationKey { get; init; }

    public required string UserName { get; init; }

    public required string UserKey { get; init; }

    /// <summary>As it was sent, for the audit.</summary>
    public required string SentName { get; init; }

    public required string? Host { get; init; }

    /// <summary>The ssh client's.</summary>
    public required string? Address { get; init; }

    /// <summary>The host's own.</summary>
    public required string? ClientAddress { get; init; }

    /// <summary>What the host sent to be shown (pushinfo); nothing of it is signed.</summary>
    public required string? Info { get; init; }

    /// <summary>For the audit.</summary>
    public required string? Detail { get; init; }

    /// <summary>What is typed on the phone, and never sent to it; null: nothing is asked.</summary>
    public required string? Number { get; init; }

    public int WrongNumbers { get; set; }

    /// <summary>After it nothing is approved.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>What is signed with the decision.</summary>
    public ApprovalRecord ToRecord(ServerName server) => new()
    {
        Server = server.Text,
        Transaction = TransactionId,
        Device = DeviceKey,
        Application = ApplicationName,
        User = UserName,
        Host = Host,
        Address = Address,
        Key = null,
        Expires = ExpiresAt.ToUnixTimeSeconds(),
    };
}

/// <summary>The public host, as hosts write it.</summary>
internal sealed record ServerName(string Text);

internal sealed class PendingPushMapping : IEntityTypeConfiguration<PendingPush>
{
    public void Configure(EntityTypeBuilder<PendingPush> push)
    {
        push.ToTable("pending_pushes");
        push.HasKey(p => p.TransactionId);
        push.Property(p => p.TransactionId).HasMaxLength(36);
        push.Property(p => p.ApplicationId).HasConversion(id => id.Value, value => new IntegrationId(value));
        push.Property(p => p.UserId).HasConversion(id => id.Value, value => new UserId(value));
        push.Property(p => p.DeviceId).HasConversion(id => id.Value, value => new DeviceId(value));
        push.Property(p => p.Number).HasMaxLength(6);

        // Whatever a program does wrong, there is one at a time.
        push.HasIndex(p => new { p.UserId, p.ApplicationId }).IsUnique();
        push.HasIndex(p => p.DeviceId);
        push.HasIndex(p => p.ExpiresAt);
        push.HasOne<Authentication>().WithOne().HasForeignKey<PendingPush>(p => p.TransactionId)
            .OnDelete(DeleteBehavior.Cascade);
    }
}

internal static class PendingPushTable
{
    extension(ServerDbContext db)
    {
        public DbSet<PendingPush> PendingPushes => db.Set<PendingPush>();
    }
}
