using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Protocol;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Devices;

internal readonly record struct DeviceId(Guid Value);

/// <summary>
/// Something that shows passcodes, an authenticator app (TOTP) or a hardware token (HOTP) with a serial; or a phone, which
/// signs approvals.
/// </summary>
internal sealed class Device
{
    /// <summary>How many counters of a token are tried, the expected one included (RFC 4226 section 7.4, s).</summary>
    public const int HotpLookAhead = 10;

    public required DeviceId Id { get; init; }

    /// <summary>Duo's device id: "DP" (phone) or "DH" (hardware token) and 18 capital letters and digits.</summary>
    public required string Key { get; init; }

    /// <summary>Null: a hardware token that nobody has yet.</summary>
    public UserId? UserId { get; set; }

    public required DeviceKind Kind { get; init; }

    public required string Name { get; set; }

    /// <summary>What stands on a hardware token; null for an app.</summary>
    public string? Serial { get; init; }

    /// <summary>K (RFC 4226 section 5.1), encrypted; a phone has none.</summary>
    public required byte[] ProtectedSecret { get; set; }

    public required OtpAlgorithm Algorithm { get; init; }

    /// <summary>6 to 8; 0 for a phone.</summary>
    public required int Digits { get; init; }

    /// <summary>Seconds of a time step (RFC 6238 section 4.1); 0 for all else.</summary>
    public required int Period { get; init; }

    /// <summary>A phone's, of P-256, as SubjectPublicKeyInfo (RFC 5480); the private key never leaves it.</summary>
    public byte[]? PublicKey { get; init; }

    /// <summary>A phone's key is in a file of a computer, by what it said when it was activated.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Where a phone is told that something waits: W3C's PushSubscription, as JSON; null: nowhere.</summary>
    public string? PushSubscription { get; set; }

    /// <summary>The last time step accepted; a passcode of a later one only (RFC 6238 section 5.2).</summary>
    public long LastUsedStep { get; set; }

    /// <summary>HOTP: the next counter that is accepted (RFC 4226 section 7.2).</summary>
    public long Counter { get; set; }

    /// <summary>
    /// HOTP: where the token stands is not known, so that a used passcode could be taken for a new one. None is
    /// accepted until two in a row say where it stands (<see cref="ResyncDevice"/>).
    /// </summary>
    public bool OutOfStep { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Zero verifies nothing.</summary>
internal enum DeviceKind
{
    None,
    Totp,
    Hotp,

    /// <summary>Signs approvals; shows no passcodes.</summary>
    Phone,
}

internal sealed class DeviceMapping : IEntityTypeConfiguration<Device>
{
    public void Configure(EntityTypeBuilder<Device> device)
    {
        device.ToTable("devices");
        device.HasKey(d => d.Id);
        device.Property(d => d.Id).HasConversion(id => id.Value, value => new DeviceId(value)).ValueGeneratedNever();
        device.Property(d => d.UserId).HasConversion(id => id!.Value.Value, value => new UserId(value));
        device.Property(d => d.Key).HasMaxLength(20);
        device.HasIndex(d => d.Key).IsUnique();
        device.HasIndex(d => d.UserId);
        device.Property(d => d.Serial).HasMaxLength(64);
        device.HasIndex(d => d.Serial).IsUnique();
        device.Property(d => d.Name).HasMaxLength(128);
        device.Property(d => d.PublicKey).HasMaxLength(91);
        device.HasOne<User>().WithMany().HasForeignKey(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal static class DeviceTable
{
    extension(ServerDbContext db)
    {
        public DbSet<Device> Devices => db.Set<Device>();
    }
}
