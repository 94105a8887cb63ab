using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Sallyport.Server.Persistence;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Counts wrong passcodes, of the source first and of the user after it. Everything is in the database and in the
/// transaction of the attempt.
/// </summary>
internal sealed class FailureCounters(AuthenticationLimits limits)
{
    private const int MostDoublings = 6;
    private static readonly ConditionalWeakTable<IModel, Queries> _queries = [];

    /// <summary>
    /// What is counted of this source, for this user and in this application, and for the name as such, whether it is
    /// somebody's or not.
    /// </summary>
    public static async Task<IReadOnlyList<Throttle>> ReadAsync(
        ServerDbContext db, Attempt attempt, Candidate? candidate, CancellationToken cancellationToken)
    {
        Queries queries = _queries.GetValue(db.Model, _ => new());
        List<Throttle> found = [];
        Guid application = attempt.Application.Id.Value;
        var rows = queries.OfSource(
            db, SubjectOf(attempt, candidate), OfName(attempt.Subject.Text), application, attempt.Source.Key);
        await foreach (Throttle throttle in rows.WithCancellation(cancellationToken))
        {
            found.Add(throttle);
        }

        return found;
    }

    public async Task FailedAsync(
        ServerDbContext db,
        Attempt attempt,
        Candidate? candidate,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        Guid subject = SubjectOf(attempt, candidate);
        int ofUser = await CountAsync(db, subject, attempt.Source.Key, now, limits.SourceWindow, cancellationToken);
        if (ofUser % limits.SourceFailures == 0)
        {
            int doublings = Math.Min((ofUser / limits.SourceFailures) - 1, MostDoublings);
            DateTimeOffset until = now + (limits.SourceWait * (1 << doublings));
            await BlockAsync(db, subject, attempt.Source.Key, until, cancellationToken);
        }

        // Last of the rows, because many users' attempts meet here: no two transactions wait for each other.
        Guid application = attempt.Application.Id.Value;
        if (candidate is not null && ofUser <= limits.SourceFailures)
        {
            await CountAgainstAsync(db, candidate.User.Id, now, cancellationToken);
        }

        int ofApplication = await CountAsync(
            db, application, attempt.Source.Key, now, limits.ApplicationWindow, cancellationToken);
        if (ofApplication % limits.ApplicationFailures == 0)
        {
            await BlockAsync(db, application, attempt.Source.Key, now + limits.ApplicationWindow, cancellationToken);
        }
    }

    /// <summary>
    /// A success ends the row of failures, his own and that of this source with him; not the application's.
    /// </summary>
    /// <param name="throttles">What <see cref="ReadAsync"/> found: mostly nothing, and then nothing is deleted.</param>
    public static async Task SucceededAsync(
        ServerDbContext db,
        Attempt attempt,
        Candidate candidate,
        IReadOnlyList<Throttle> throttles,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        UserId id = candidate.User.Id;
        await db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.Failures, 0)
                .SetProperty(x => x.LockedUntil, (DateTimeOffset?)null)
                .SetProperty(x => x.LastLogin, now),
            cancellationToken);
        Guid subject = SubjectOf(attempt, candidate);
        Guid name = OfName(attempt.Subject.Text);
        if (throttles.Any(t => t.SubjectId == subject || t.SubjectId == name))
        {
            string source = attempt.Source.Key;
            await db.Throttles.Where(t => (t.SubjectId == subject || t.SubjectId == name) && t.Source == source)
                .ExecuteDeleteAsync(cancellationToken);
        }
    }

    /// <summary>
    /// A name as such. What the policy refuses is counted for it and not for the user: else refusals would use up what
    /// a source counts against him, and its guesses after them would lock nobody out.
    /// </summary>
    public static Guid OfName(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    /// <summary>Nobody's name is counted, too: what is unknown answers like what is known.</summary>
    private static Guid SubjectOf(Attempt attempt, Candidate? candidate) =>
        candidate?.User.Id.Value ?? OfName(attempt.Subject.Text);

    private async Task CountAgainstAsync(
        ServerDbContext db, UserId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int most = limits.UserFailures;
        DateTimeOffset? until = now + limits.LockOut;

        // Who was locked out before begins anew. One statement: parallel attempts each count.
        await db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(
            u => u
                .SetProperty(x => x.Failures, x => x.LockedUntil != null ? 1 : x.Failures + 1)
                .SetProperty(x => x.LockedUntil, x => x.LockedUntil == null && x.Failures + 1 >= most ? until : null),
            cancellationToken);
    }

    private static async Task<int> CountAsync(
        ServerDbContext db,
        Guid subject,
        string source,
        DateTimeOffset now,
        TimeSpan window,
        CancellationToken cancellationToken)
    {
        // EF Core has no upsert. Both databases know this form; the row's lock makes parallel attempts count in turn.
        long at = now.ToUnixTimeMilliseconds();
        long old = (now - window).ToUnixTimeMilliseconds();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO throttles ("SubjectId", "Source", "Failures", "Since") VALUES ({subject}, {source}, 1, {at})
            ON CONFLICT ("SubjectId", "Source") DO UPDATE SET
              "Failures" = CASE WHEN throttles."Since" <= {old} THEN 1 ELSE throttles."Failures" + 1 END,
              "Since" = CASE WHEN throttles."Since" <= {old} THEN {at} ELSE throttles."Since" END
            """,
            cancellationToken);
        return await db.Throttles.AsNoTracking()
            .Where(t => t.SubjectId == subject && t.Source == source)
            .Select(t => t.Failures)
            .SingleAsync(cancellationToken);
    }

    private static async Task BlockAsync(
        ServerDbContext db, Guid subject, string source, DateTimeOffset until, CancellationToken cancellationToken) =>
        await db.Throttles
            .Where(t => t.SubjectId == subject && t.Source == source)
            .ExecuteUpdateAsync(t => t.SetProperty(x => x.BlockedUntil, until), cancellationToken);

    private sealed class Queries
    {
        public Func<ServerDbContext, Guid, Guid, Guid, string, IAsyncEnumerable<Throttle>> OfSource { get; } =
            EF.CompileAsyncQuery((ServerDbContext db, Guid user, Guid name, Guid application, string source) =>
                db.Set<Throttle>().AsNoTracking().Where(t => t.Source == source
                    && (t.SubjectId == user || t.SubjectId == name || t.SubjectId == application)));
    }
}
