using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// One attempt and its verdict. It is what a client fetches by its transaction id (async=1), what tells a request that
/// is sent a second time, and what stands in for an answer that got lost (docs/decisions/0013-authentications.md).
/// </summary>
internal sealed class Authentication
{
    /// <summary>Duo's txid: a random UUID, the only thing that opens it besides the application's signature.</summary>
    public required string TransactionId { get; init; }

    public required IntegrationId ApplicationId { get; init; }

    public UserId? UserId { get; init; }

    public AuthenticationState State { get; set; } = AuthenticationState.Denied;

    /// <summary>Duo's word beside the result: allow, deny, locked_out…</summary>
    public required string Status { get; set; }

    /// <summary>For the person who logs in.</summary>
    public required string StatusMessage { get; set; }

    /// <summary>Whether it can be asked for by its id; else the verdict was the answer.</summary>
    public required bool IsAsync { get; init; }

    /// <summary>How many answers were given to who asked for it by its id.</summary>
    public int Answers { get; set; }

    /// <summary>The allow has been given out. It is, once.</summary>
    public bool IsRedeemed { get; set; }

    /// <summary>
    /// The node (<see cref="Node"/>) that holds the connection to which it has to answer: the request that opened it, or
    /// the same one, sent again, that joined it; <see cref="Node.None"/>: that connection broke before an answer; null: an
    /// answer has been given, and be it the id.
    /// </summary>
    public long? Waiter { get; set; }

    /// <summary>
    /// SHA-256 of the signature; null where no date is signed, because such a one is not made once only.
    /// </summary>
    public byte[]? SignatureHash { get; init; }

    /// <summary>
    /// HMAC of the parameters under the secret key: the same for a request that is signed anew and sent again.
    /// </summary>
    public required byte[] RequestMac { get; init; }

    /// <summary>When the verdict was earned; of one that was taken from another, when that one's was.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a phone decided what was waiting; null: it did not.</summary>
    public DateTimeOffset? DecidedAt { get; set; }

    /// <summary>After it the transaction is nothing that anybody can ask for.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Zero is a refusal.</summary>
internal enum AuthenticationState
{
    Denied,
    Waiting,
    Allowed,
}

internal sealed class AuthenticationMapping : IEntityTypeConfiguration<Authentication>
{
    public void Configure(EntityTypeBuilder<Authentication> authentication)
    {
        authentication.ToTable("authentications");
        authentication.HasKey(a => a.TransactionId);
        authentication.Property(a => a.TransactionId).HasMaxLength(36);
        authentication.Property(a => a.ApplicationId).HasConversion(id => id.Value, value => new IntegrationId(value));
        authentication.Property(a => a.UserId).HasConversion(id => id!.Value.Value, value => new UserId(value));
        authentication.HasIndex(a => a.ExpiresAt);
        authentication.Property(a => a.SignatureHash).HasMaxLength(32);
        authentication.HasIndex(a => a.SignatureHash).IsUnique();
        authentication.Property(a => a.RequestMac).HasMaxLength(32);
        authentication.HasIndex(a => a.RequestMac);
    }
}

internal static class AuthenticationTable
{
    extension(ServerDbContext db)
    {
        public DbSet<Authentication> Authentications => db.Set<Authentication>();
    }
}
