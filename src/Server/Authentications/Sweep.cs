using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Ends pushes that nobody answered and nobody asks about any more, and removes transactions that have expired, failures
/// that count no more, and addresses that are new again: in pieces, each an act of its own, because logins wait for the
/// same writer.
/// </summary>
internal sealed class Sweep(
    IDbContextFactory<ServerDbContext> contexts,
    Transactions transactions,
    AuthenticationLimits limits,
    AuthenticationMeter meter,
    TimeProvider time,
    ILogger<Sweep> logger)
    : BackgroundService
{
    /// <summary>Rows of each kind that one act removes: some ten milliseconds of work.</summary>
    public const int Piece = 500;

    private static readonly TimeSpan _every = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _betweenPieces = TimeSpan.FromMilliseconds(100);

    /// <summary>Removes one piece; true: there is more.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        int pushesEnded = await EndPushesAsync(now, cancellationToken);
        int transactionsGone = await transactions.RunAsync(
            async (db, stop) => await db.Authentications.Where(a => a.ExpiresAt <= now)
                .OrderBy(a => a.ExpiresAt).Take(Piece).ExecuteDeleteAsync(stop),
            cancellationToken);
        int throttlesGone = await transactions.RunAsync(
            (db, stop) => DeleteThrottlesAsync(db, now, stop), cancellationToken);
        DateTimeOffset forgotten = now - limits.SourceKnown;
        await transactions.RunAsync(
            async (db, stop) => await db.KnownSources.Where(s => s.LastApproved < forgotten).ExecuteDeleteAsync(stop),
            cancellationToken);
        return pushesEnded == Piece || transactionsGone == Piece || throttlesGone == Piece;
    }

    // Who waits ends his own in time; this is for those whose client is gone. No login is without a trace. Each is an act,
    // so that on PostgreSQL none holds one user's row and waits for another's.
    private async Task<int> EndPushesAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateTimeOffset over = now - _grace;
        List<PendingPush> unanswered;
        await using (ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            unanswered = await db.PendingPushes.AsNoTracking().Where(p => p.ExpiresAt <= over)
                .OrderBy(p => p.ExpiresAt).Take(Piece).ToListAsync(cancellationToken);
        }

        foreach (PendingPush push in unanswered)
        {
            await transactions.RunAsync(
                (db, stop) => PushEnd.TimedOut.TryDecideAsync(db, meter, push, now, "nobody waited for it", stop),
                cancellationToken);
        }

        return unanswered.Count;
    }

    // In SQL, because EF Core compares the two columns of the key row by row. What counts again since it was looked for
    // stays: the outer condition is read anew.
    private Task<int> DeleteThrottlesAsync(ServerDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long old = (now - limits.SourceWindow).ToUnixTimeMilliseconds();
        long at = now.ToUnixTimeMilliseconds();
        return db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM throttles WHERE "Since" <= {old} AND ("BlockedUntil" IS NULL OR "BlockedUntil" <= {at})
              AND ("SubjectId", "Source") IN (
                SELECT "SubjectId", "Source" FROM throttles
                WHERE "Since" <= {old} AND ("BlockedUntil" IS NULL OR "BlockedUntil" <= {at})
                ORDER BY "Since" LIMIT {Piece})
            """,
            cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool isMore = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(isMore ? _betweenPieces : _every, time, stoppingToken);
            try
            {
                isMore = await RunOnceAsync(stoppingToken);
            }
#pragma warning disable CA1031 // Around one retry: a database that is away now is asked again at the next tick.
            catch (Exception failure) when (failure is not OperationCanceledException)
#pragma warning restore CA1031
            {
                isMore = false;
                Log.SweepFailed(logger, failure);
            }
        }
    }
}
