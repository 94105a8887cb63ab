using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>Who is asked about: a name, or Duo's user_id.</summary>
internal readonly record struct Subject(string Text, bool IsKey);

/// <summary>Whom a name means, and what he can prove it with.</summary>
internal sealed record Candidate(User User, IReadOnlyList<Device> Devices, bool HasBypassCode)
{
    private static readonly Func<ServerDbContext, string, DateTimeOffset, IAsyncEnumerable<Row>> _byName =
        EF.CompileAsyncQuery((ServerDbContext db, string name, DateTimeOffset now) =>
            from alias in db.Set<Alias>().Where(a => a.Name == name).AsNoTracking() // his own name is one, too
            join user in db.Set<User>() on alias.UserId equals user.Id
            from device in db.Set<Device>().Where(d => d.UserId == user.Id).DefaultIfEmpty()
            select new Row(user, device, db.Set<BypassCode>().Any(
                c => c.UserId == user.Id && c.RemainingUses > 0 && (c.ExpiresAt == null || c.ExpiresAt > now))));

    private static readonly Func<ServerDbContext, string, DateTimeOffset, IAsyncEnumerable<Row>> _byKey =
        EF.CompileAsyncQuery((ServerDbContext db, string key, DateTimeOffset now) =>
            from user in db.Set<User>().Where(u => u.Key == key).AsNoTracking()
            from device in db.Set<Device>().Where(d => d.UserId == user.Id).DefaultIfEmpty()
            select new Row(user, device, db.Set<BypassCode>().Any(
                c => c.UserId == user.Id && c.RemainingUses > 0 && (c.ExpiresAt == null || c.ExpiresAt > now))));

    /// <summary>One query, whether the name is a name, an alias or nobody's; null: nobody's.</summary>
    public static async Task<Candidate?> FindAsync(
        ServerDbContext db, Subject subject, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Candidate? found = null;
        List<Device> devices = [];
        var rows = subject.IsKey ? _byKey(db, subject.Text, now) : _byName(db, subject.Text, now);
        await foreach (Row row in rows.WithCancellation(cancellationToken))
        {
            // No name means two users; should it ever, nobody is let in by it.
            if (found is not null && found.User.Id != row.User.Id)
            {
                return null;
            }

            found ??= new(row.User, devices, row.HasBypassCode);
            if (row.Device is not null)
            {
                devices.Add(row.Device);
            }
        }

        devices.Sort((one, other) => one.Id.Value.CompareTo(other.Id.Value));
        return found;
    }

    private sealed record Row(User User, Device? Device, bool HasBypassCode);
}
