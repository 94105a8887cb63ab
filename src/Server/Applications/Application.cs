using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Applications;

internal readonly record struct IntegrationId(Guid Value);

/// <summary>What asks for second factors: a host, or a fleet that shares one integration key.</summary>
internal sealed class Application
{
    public required IntegrationId Id { get; init; }

    /// <summary>Duo's ikey: "DI" and 18 capital letters and digits. Public.</summary>
    public required string IntegrationKey { get; init; }

    public required string Name { get; set; }

    /// <summary>Duo's skey, 40 characters, encrypted.</summary>
    public required byte[] ProtectedSecretKey { get; set; }

    /// <summary>The one before the last rotation, good until <see cref="PreviousSecretKeyUntil"/>.</summary>
    public byte[]? PreviousProtectedSecretKey { get; set; }

    public DateTimeOffset? PreviousSecretKeyUntil { get; set; }

    /// <summary>Takes signatures without a date, which can be replayed for ever: clients before 2.0.4.</summary>
    public bool LegacyClients { get; set; }

    public NewUserPolicy NewUsers { get; set; } = NewUserPolicy.Deny;

    /// <summary>Until then everybody who is unknown may enrol; null: only who is invited.</summary>
    public DateTimeOffset? EnrolUntil { get; set; }

    public UsernameNormalization Usernames { get; set; } = UsernameNormalization.None;

    /// <summary>Blank-separated; empty: everybody. Who is in none of them is denied.</summary>
    public string AllowedGroups { get; set; } = "";

    /// <summary>Blank-separated factors that it takes: passcode, push, bypass; empty: all that the server knows.</summary>
    public string AllowedFactors { get; set; } = "";

    /// <summary>Blank-separated networks (CIDR) from which no second factor is asked; empty: none.</summary>
    public string TrustedNetworks { get; set; } = "";

    /// <summary>When a number from the login's screen is typed on the phone.</summary>
    public NumberMatching NumberMatching { get; set; } = NumberMatching.Never;

    /// <summary>Takes approvals of phones whose key is in a file of a computer.</summary>
    public bool TerminalDevices { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>All that an administrator decides about it, in words; for the audit.</summary>
    public string PolicyText()
    {
        string enrol = NewUsers is NewUserPolicy.Enrol && EnrolUntil is { } until ? $"{until:u}" : "never";
        return $"legacy clients: {(LegacyClients ? "yes" : "no")}; enrol until: {enrol}; "
            + $"usernames: {(Usernames is UsernameNormalization.Simple ? "simple" : "exact")}; "
            + $"groups: {Or(AllowedGroups, "all")}; factors: {Or(AllowedFactors, "all")}; "
            + $"trusted networks: {Or(TrustedNetworks, "none")}; number: {NumberText}; "
            + $"terminal devices: {(TerminalDevices ? "yes" : "no")}";
    }

    private string NumberText => NumberMatching switch
    {
        NumberMatching.Never => "never",
        NumberMatching.NewSource => "new source",
        _ => "always",
    };

    private static string Or(string words, string none) => words.Length > 0 ? words : none;
}

/// <summary>What happens to a name that is not known.</summary>
internal enum NewUserPolicy
{
    Deny,
    Enrol,
}

/// <summary>Whether DOM\alice, alice@dom and alice are one user (Duo's username_normalization_policy).</summary>
internal enum UsernameNormalization
{
    None,
    Simple,
}

/// <summary>Zero asks for it.</summary>
internal enum NumberMatching
{
    Always,

    /// <summary>Where the user has not approved a login from that address lately.</summary>
    NewSource,
    Never,
}

internal sealed class ApplicationMapping : IEntityTypeConfiguration<Application>
{
    public void Configure(EntityTypeBuilder<Application> application)
    {
        application.ToTable("applications");
        application.HasKey(a => a.Id);
        application.Property(a => a.Id)
            .HasConversion(id => id.Value, value => new IntegrationId(value)).ValueGeneratedNever();
        application.Property(a => a.IntegrationKey).HasMaxLength(20);
        application.HasIndex(a => a.IntegrationKey).IsUnique();
        application.Property(a => a.Name).HasMaxLength(128);
        application.HasIndex(a => a.Name).IsUnique();
    }
}

internal static class ApplicationTable
{
    extension(ServerDbContext db)
    {
        public DbSet<Application> Applications => db.Set<Application>();
    }
}
