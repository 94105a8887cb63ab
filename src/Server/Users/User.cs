using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

internal readonly record struct UserId(Guid Value);

/// <summary>Who is asked. One name, and others that mean him too (<see cref="Alias"/>).</summary>
internal sealed class User
{
    public required UserId Id { get; init; }

    /// <summary>Duo's user_id: "DU" and 18 capital letters and digits.</summary>
    public required string Key { get; init; }

    /// <summary>As hosts know him; compared by bytes.</summary>
    public required string Name { get; set; }

    public UserStatus Status { get; set; } = UserStatus.Disabled;

    /// <summary>Blank-separated names of groups.</summary>
    public string Groups { get; set; } = "";

    /// <summary>Wrong passcodes in a row, since the last right one.</summary>
    public int Failures { get; set; }

    /// <summary>Locked out by too many of them, and until when; null: not.</summary>
    public DateTimeOffset? LockedUntil { get; set; }

    /// <summary>HMAC of the code in his invitation; null: he has none.</summary>
    public byte[]? InvitationMac { get; set; }

    public DateTimeOffset? InvitedUntil { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastLogin { get; set; }

    /// <summary>All that an administrator decides about him, in words; for the audit.</summary>
    public string PolicyText(IEnumerable<string> aliases) =>
        $"status {Status}; aliases: {string.Join(' ', aliases)}; groups: {Groups}";
}

/// <summary>Zero is a refusal.</summary>
internal enum UserStatus
{
    Disabled,

    /// <summary>Asked for a factor.</summary>
    Active,

    /// <summary>Let in without one, which is audited each time.</summary>
    Bypass,
}

/// <summary>
/// A name that means a user. The database enters his own there too, by a trigger: so no name means two users, and who
/// looks for a name looks here alone.
/// </summary>
internal sealed class Alias
{
    public required string Name { get; init; }

    public required UserId UserId { get; init; }
}

internal sealed class UserMapping : IEntityTypeConfiguration<User>, IEntityTypeConfiguration<Alias>
{
    public void Configure(EntityTypeBuilder<User> user)
    {
        user.ToTable("users");
        user.HasKey(u => u.Id);
        user.Property(u => u.Id).HasConversion(id => id.Value, value => new UserId(value)).ValueGeneratedNever();
        user.Property(u => u.Key).HasMaxLength(20);
        user.HasIndex(u => u.Key).IsUnique();
        user.Property(u => u.Name).HasMaxLength(256);
        user.HasIndex(u => u.Name).IsUnique();
    }

    public void Configure(EntityTypeBuilder<Alias> alias)
    {
        alias.ToTable("aliases");
        alias.HasKey(a => a.Name);
        alias.Property(a => a.Name).HasMaxLength(256);
        alias.Property(a => a.UserId).HasConversion(id => id.Value, value => new UserId(value));
        alias.HasOne<User>().WithMany().HasForeignKey(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal static class UserTable
{
    extension(ServerDbContext db)
    {
        public DbSet<User> Users => db.Set<User>();

        public DbSet<Alias> Aliases => db.Set<Alias>();
    }
}
