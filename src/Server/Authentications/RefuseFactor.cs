using Sallyport.Protocol.Duo;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// Writes down that a login asked for a factor that is not there. The answer is an error and no verdict; no login is
/// without a trace all the same.
/// </summary>
internal sealed class RefuseFactor(Transactions transactions, AuthenticationMeter meter, TimeProvider time)
{
    /// <param name="factor">The word that was sent: phone or sms.</param>
    public async Task RunAsync(Attempt attempt, string factor, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        Outcome outcome = Outcome.Denied(
            Reasons.NoDefaultFactor, FactorNames.Tried(DuoPrompt.Parse(factor), devices: []));
        await transactions.RunAsync(
            async (db, stop) =>
            {
                Candidate? candidate = await Candidate.FindAsync(db, attempt.Subject, now, stop);
                AuthenticationAudit.Add(db, attempt, candidate, outcome, transactionId: null, now);
                return true;
            },
            cancellationToken);
        meter.Decided(outcome);
    }
}
