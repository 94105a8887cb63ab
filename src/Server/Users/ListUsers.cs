using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Users;

internal sealed record UserRow(
    string Name,
    string Key,
    UserStatus Status,
    string Groups,
    DateTimeOffset? LockedUntil,
    DateTimeOffset? InvitedUntil,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastLogin);

/// <summary>Users by their names, a page at a time.</summary>
internal sealed class ListUsers(IDbContextFactory<ServerDbContext> contexts)
{
    /// <param name="after">The last name of the page before; empty: the first page.</param>
    public async Task<IReadOnlyList<UserRow>> RunAsync(string after, int most, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Users.Where(u => u.Name.CompareTo(after) > 0).OrderBy(u => u.Name).Take(most)
            .Select(u => new UserRow(
                u.Name, u.Key, u.Status, u.Groups, u.LockedUntil, u.InvitedUntil, u.CreatedAt, u.LastLogin))
            .ToListAsync(cancellationToken);
    }
}

/// <param name="Aliases">His other names.</param>
/// <param name="BypassCodes">How many that can still be used.</param>
internal sealed record UserDetails(UserRow User, IReadOnlyList<string> Aliases, int Failures, int BypassCodes);

internal sealed class ShowUser(IDbContextFactory<ServerDbContext> contexts, TimeProvider time)
{
    /// <summary>Null: there is none.</summary>
    /// <param name="name">A name or an alias.</param>
    public async Task<UserDetails?> RunAsync(string name, CancellationToken cancellationToken)
    {
        await using ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.FindUserAsync(name, cancellationToken) is not { } user)
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        return new UserDetails(
            new UserRow(
                user.Name,
                user.Key,
                user.Status,
                user.Groups,
                user.LockedUntil,
                user.InvitedUntil,
                user.CreatedAt,
                user.LastLogin),
            await db.Aliases.Where(a => a.UserId == user.Id && a.Name != user.Name)
                .Select(a => a.Name).OrderBy(n => n).ToListAsync(cancellationToken),
            user.Failures,
            await db.BypassCodes.CountAsync(
                c => c.UserId == user.Id && c.RemainingUses > 0 && (c.ExpiresAt == null || c.ExpiresAt > now),
                cancellationToken));
    }
}
