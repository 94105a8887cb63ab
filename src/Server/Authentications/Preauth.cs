using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>What a preauth says: the ruling, and whom it is about.</summary>
internal sealed record PreauthResult(Ruling Ruling, Candidate? Candidate);

/// <summary>The first half of a login: whether it needs a factor. What is decided here is audited here.</summary>
internal sealed class Preauth(
    IDbContextFactory<ServerDbContext> contexts,
    Transactions transactions,
    AuthenticationMeter meter,
    TimeProvider time)
{
    public async Task<PreauthResult> RunAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        PreauthResult result = await DecideAsync(attempt, cancellationToken);
        meter.Answered(result.Ruling);
        return result;
    }

    private async Task<PreauthResult> DecideAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        Candidate? candidate;
        using (DatabaseSpan span = new("read user"))
        await using (ServerDbContext db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            candidate = span.Ended(await Candidate.FindAsync(db, attempt.Subject, now, cancellationToken));
        }

        Ruling ruling = Policy.Decide(attempt, candidate, now);
        if (ruling is Ruling.Ask)
        {
            return new(ruling, candidate);
        }

        return await transactions.RunAsync(
            async (db, stop) =>
            {
                // Read again: what lets him in, or keeps him out, is what holds when it is written down.
                Candidate? present = await Candidate.FindAsync(db, attempt.Subject, now, stop);
                Ruling final = Policy.Decide(attempt, present, now);
                AuthenticationAudit.AddPreauth(db, attempt, present, final, now);
                return new PreauthResult(final, present);
            },
            cancellationToken);
    }
}
