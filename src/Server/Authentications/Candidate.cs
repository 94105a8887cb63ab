using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>Who is asked about: a name, or Duo's user_id.</summary>
internal readonly record struct Subject(string Text, bool IsKey);

/// <summary>Whom a name means, and what he can prove it with.</summary>
internal sealed record Candidate(User User, IReadOnlyList<Device> Devices, bool HasBypassCode)
{
    // A compiled query is one model's; what reads and what writes on SQLite has one each.
    private static readonly ConditionalWeakTable<IModel, Queries> _queries = [];

    /// <summary>One query, whether the name is a name, an alias or nobody's; null: nobody's.</summary>
    public static async Task<Candidate?> FindAsync(
        ServerDbContext db, Subject subject, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Candidate? found = null;
        List<Device> devices = [];
        Queries queries = _queries.GetValue(db.Model, _ => new());
        var rows = subject.IsKey ? queries.ByKey(db, subject.Text, now) : queries.ByName(db, subject.Text, now);
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

    private sealed class Queries
    {
        public Func<ServerDbContext, string, DateTimeOffset, IAsyncEnumerable<Row>> ByName { get; } =
            EF.CompileAsyncQuery((ServerDbContext db, string name, DateTimeOffset now) =>
                from alias in db.Set<Alias>().Where(a => a.Name == name).AsNoTracking() // his own name is one, too
                join user in db.Set<User>() on alias.UserId equals user.Id
                from device in db.Set<Device>().Where(d => d.UserId == user.Id).DefaultIfEmpty()
                select new Row(user, device, db.Set<BypassCode>().Any(
                    c => c.UserId == user.Id && c.RemainingUses > 0 && (c.ExpiresAt == null || c.ExpiresAt > now))));

        public Func<ServerDbContext, string, DateTimeOffset, IAsyncEnumerable<Row>> ByKey { get; } =
            EF.CompileAsyncQuery((ServerDbContext db, string key, DateTimeOffset now) =>
                from user in db.Set<User>().Where(u => u.Key == key).AsNoTracking()
                from device in db.Set<Device>().Where(d => d.UserId == user.Id).DefaultIfEmpty()
                select new Row(user, device, db.Set<BypassCode>().Any(
                    c => c.UserId == user.Id && c.RemainingUses > 0 && (c.ExpiresAt == null || c.ExpiresAt > now))));
    }
}
