using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Audit;

/// <summary>
/// Something that happened, written in the act's own transaction and never changed. Names are copied: who is removed
/// later is still read here. Words are those of Duo's authentication log.
/// </summary>
internal sealed class AuditEvent
{
    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>One of <see cref="AuditActions"/>.</summary>
    public required string Action { get; init; }

    /// <summary>One of <see cref="AuditResults"/>.</summary>
    public required string Result { get; init; }

    /// <summary>user_approved, valid_passcode, invalid_passcode, locked_out…</summary>
    public required string Reason { get; init; }

    /// <summary>duo_mobile_passcode, hardware_token, bypass_code, not_available…</summary>
    public string? Factor { get; init; }

    /// <summary>As it was sent, without control characters, also where nobody has that name.</summary>
    public string? UserName { get; init; }

    /// <summary>DU…; null: nobody has that name.</summary>
    public string? UserKey { get; init; }

    public string? ApplicationName { get; init; }

    /// <summary>DI….</summary>
    public string? ApplicationKey { get; init; }

    /// <summary>DP… or DH….</summary>
    public string? DeviceKey { get; init; }

    /// <summary>Of the ssh client, as the host says; null where that is no address.</summary>
    public string? AccessAddress { get; init; }

    /// <summary>The host's name, as it says.</summary>
    public string? HostName { get; init; }

    /// <summary>The address that the request came from.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>Ties what belongs to one login.</summary>
    public string? TransactionId { get; init; }

    /// <summary>Who did it, where an administrator did.</summary>
    public string? Administrator { get; init; }

    public string? Detail { get; init; }
}

internal sealed class AuditEventMapping : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> happened)
    {
        happened.ToTable("audit_events");
        happened.HasKey(e => e.Id);
        happened.Property(e => e.Id).ValueGeneratedNever();
        happened.HasIndex(e => e.At);
        happened.HasIndex(e => new { e.UserKey, e.At });
    }
}

internal static class AuditEventTable
{
    extension(ServerDbContext db)
    {
        public DbSet<AuditEvent> AuditEvents => db.Set<AuditEvent>();
    }
}
