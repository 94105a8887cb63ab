using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Applications;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Who is asked again and again at last says yes. So after each push that was not approved the next has to wait, longer
/// each time; an approval ends it, or a day without a push. Passcodes are taken meanwhile. It is counted where wrong
/// passcodes are, for the user, with the application in the source's place: another address makes no difference.
/// </summary>
internal static class PushPause
{
    // In halves: nobody at his phone is less than a no, and "it was not I" more. A push that a newer one replaced, or that
    // its client cancelled, was shown all the same: else there would be no end of them.
    public const int NoResponse = 1;
    public const int Denied = 2;
    public const int Reported = 6;

    private const int MostDoublings = 7;
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan _forgotten = TimeSpan.FromHours(24);

    /// <summary>Until when no push is sent; null: it is.</summary>
    public static async Task<DateTimeOffset?> UntilAsync(
        ServerDbContext db,
        UserId user,
        IntegrationId application,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        string source = SourceOf(application);
        return await db.Throttles
            .Where(t => t.SubjectId == user.Value && t.Source == source && t.BlockedUntil > now)
            .Select(t => t.BlockedUntil)
            .SingleOrDefaultAsync(cancellationToken);
    }

    public static async Task AddAsync(
        ServerDbContext db,
        UserId user,
        IntegrationId application,
        int weight,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        Guid subject = user.Value;
        string source = SourceOf(application);
        long at = now.ToUnixTimeMilliseconds();
        long old = (now - _forgotten).ToUnixTimeMilliseconds();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO throttles ("SubjectId", "Source", "Failures", "Since") VALUES ({subject}, {source}, {weight}, {at})
            ON CONFLICT ("SubjectId", "Source") DO UPDATE SET
              "Failures" = CASE WHEN throttles."Since" <= {old} THEN {weight} ELSE throttles."Failures" + {weight} END,
              "Since" = {at}
            """,
            cancellationToken);
        IQueryable<Throttle> row = db.Throttles.Where(t => t.SubjectId == subject && t.Source == source);
        int refusals = await row.AsNoTracking().Select(t => t.Failures).SingleAsync(cancellationToken) / Denied;
        if (refusals > 0)
        {
            TimeSpan pause = _first * (1 << Math.Min(refusals - 1, MostDoublings));
            DateTimeOffset until = now + (pause < _longest ? pause : _longest);
            await row.ExecuteUpdateAsync(t => t.SetProperty(x => x.BlockedUntil, until), cancellationToken);
        }
    }

    public static async Task EndAsync(
        ServerDbContext db, UserId user, IntegrationId application, CancellationToken cancellationToken)
    {
        string source = SourceOf(application);
        await db.Throttles.Where(t => t.SubjectId == user.Value && t.Source == source)
            .ExecuteDeleteAsync(cancellationToken);
    }

    private static string SourceOf(IntegrationId application) => $"push {application.Value:N}";
}
