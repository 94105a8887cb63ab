using Microsoft.EntityFrameworkCore;
using Sallyport.Server.Audit;
using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>
/// An allow that nobody got, of the same request, signed anew after the connection broke. It is taken once, and its own
/// transaction then says deny: one passcode still opens one login. An allow that no passcode earned (a bypass, a trusted
/// network) proves nothing once a passcode is asked for, nor does one whose device or factor counts no more.
/// </summary>
internal static class LostAnswer
{
    /// <summary>Null: there is none, and what was typed is judged by itself.</summary>
    public static async Task<Outcome?> TryTakeAsync(
        ServerDbContext db,
        Attempt attempt,
        Candidate candidate,
        Factors factors,
        DateTimeOffset since,
        CancellationToken cancellationToken)
    {
        byte[] mac = attempt.RequestMac;
        if (mac.Length == 0)
        {
            return null;
        }

        Applications.IntegrationId application = attempt.Application.Id;
        Users.UserId user = candidate.User.Id;
        var lost = await db.Authentications
            .Where(a => a.RequestMac == mac && a.ApplicationId == application && a.UserId == user
                && a.State == AuthenticationState.Allowed && !a.IsRedeemed && a.CreatedAt >= since)
            .Select(a => new { a.TransactionId, a.CreatedAt })
            .FirstOrDefaultAsync(cancellationToken);
        if (lost is null || !await TryTakeAwayAsync(db, lost.TransactionId, cancellationToken))
        {
            return null;
        }

        Outcome? outcome = await OfAsync(db, candidate, factors, lost.TransactionId, since, cancellationToken);

        // However often it is lost again, the time runs from the first.
        return outcome is null ? null : outcome with { ProvenAt = lost.CreatedAt };
    }

    // Whoever asked for it meanwhile has it.
    private static async Task<bool> TryTakeAwayAsync(
        ServerDbContext db, string id, CancellationToken cancellationToken) =>
        await db.Authentications
            .Where(a => a.TransactionId == id && a.State == AuthenticationState.Allowed && !a.IsRedeemed)
            .ExecuteUpdateAsync(
                a => a.SetProperty(x => x.State, AuthenticationState.Denied)
                    .SetProperty(x => x.Status, "deny")
                    .SetProperty(x => x.StatusMessage, Verdict.Wrong),
                cancellationToken) == 1;

    private static async Task<Outcome?> OfAsync(
        ServerDbContext db,
        Candidate candidate,
        Factors factors,
        string id,
        DateTimeOffset since,
        CancellationToken cancellationToken)
    {
        string key = candidate.User.Key;
        AuditEvent first = await db.AuditEvents.AsNoTracking()
            .SingleAsync(e => e.UserKey == key && e.At >= since && e.TransactionId == id, cancellationToken);
        Device? device = candidate.Devices.FirstOrDefault(d => d.Key == first.DeviceKey);
        bool counts = first.Factor == FactorNames.BypassCode
            ? factors.Bypass
            : factors.Passcode && device is not null;
        return first.Reason == Reasons.ValidPasscode && counts
            ? Outcome.Success(first.Reason, first.Factor!, device) with
            {
                Detail = "the answer was lost, and asked for again",
            }
            : null;
    }
}
