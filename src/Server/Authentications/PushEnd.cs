using Microsoft.EntityFrameworkCore;
using Sallyport.Protocol.Duo;
using Sallyport.Server.Audit;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>How a push ended. The zero value is nothing that a push ends with.</summary>
/// <param name="State">Whatever is not Allowed is a refusal.</param>
/// <param name="Status">Duo's word.</param>
/// <param name="Message">For the person who logs in.</param>
/// <param name="Result">One of <see cref="AuditResults"/>.</param>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Weight">What it adds to the pause before the next push.</param>
internal readonly record struct PushEnd(
    AuthenticationState State, string Status, string Message, string Result, string Reason, int Weight)
{
    public static PushEnd Approved { get; } = new(
        AuthenticationState.Allowed, "allow", Verdict.Welcome, AuditResults.Success, Reasons.UserApproved, 0);

    public static PushEnd Denied { get; } = Refused("deny", Verdict.Denied, Reasons.UserMistake, PushPause.Denied);

    public static PushEnd Reported { get; } =
        Refused("fraud", "Login request reported as fraudulent.", Reasons.UserMarkedFraud, PushPause.Reported) with
        {
            Result = AuditResults.Fraud,
        };

    public static PushEnd WrongNumbers { get; } =
        Refused("fraud", Verdict.Denied, Reasons.WrongNumber, PushPause.Reported) with { Result = AuditResults.Fraud };

    public static PushEnd TimedOut { get; } = Refused("timeout", Verdict.TimedOut, Reasons.NoResponse, PushPause.NoResponse);

    public static PushEnd Superseded { get; } =
        Refused("deny", "Another login request took its place.", Reasons.Superseded, PushPause.NoResponse);

    public static PushEnd Cancelled { get; } = Refused("deny", "Login request cancelled.", Reasons.UserCancelled, PushPause.NoResponse);

    /// <summary>An administrator removed the phone.</summary>
    public static PushEnd PhoneRemoved { get; } = Refused("deny", Verdict.Denied, AdministratorAudit.Reason, weight: 0);

    /// <summary>An administrator disabled or removed him.</summary>
    public static PushEnd UserDisabled { get; } = Refused("deny", Verdict.Denied, Reasons.UserDisabled, weight: 0);

    /// <summary>He may not be let in any more, whatever he approves.</summary>
    public static PushEnd Forbidden(Ruling ruling) => ruling is Ruling.Deny deny
        ? Refused("deny", deny.Message, deny.Reason, 0)
        : Refused("deny", Verdict.Denied, Reasons.DeniedByPolicy, 0);

    /// <summary>
    /// Decides: who deletes the row has decided, so of two who try at once one does. False: it was decided before, and
    /// nothing is changed. The verdict, the audit and the wait of the next push are in the same transaction, and what is
    /// counted is counted after it.
    /// </summary>
    public async Task<bool> TryDecideAsync(
        ServerDbContext db,
        AuthenticationMeter meter,
        PendingPush push,
        DateTimeOffset now,
        string? detail,
        CancellationToken cancellationToken)
    {
        string id = push.TransactionId;
        if (await db.PendingPushes.Where(p => p.TransactionId == id).ExecuteDeleteAsync(cancellationToken) != 1)
        {
            return false;
        }

        (AuthenticationState state, string status, string message) = (State, Status, Message);
        DateTimeOffset? decided = now;
        await db.Authentications
            .Where(a => a.TransactionId == id && a.State == AuthenticationState.Waiting)
            .ExecuteUpdateAsync(
                a => a.SetProperty(x => x.State, state)
                    .SetProperty(x => x.Status, status)
                    .SetProperty(x => x.StatusMessage, message)
                    .SetProperty(x => x.DecidedAt, decided),
                cancellationToken);
        if (Weight > 0)
        {
            await PushPause.AddAsync(db, push.UserId, push.ApplicationId, Weight, now, cancellationToken);
        }

        db.AuditEvents.Add(new AuditEvent
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Action = AuditActions.Authentication,
            Result = Result,
            Reason = Reason,
            Factor = FactorNames.Push,
            UserName = DuoText.Line(push.SentName),
            UserKey = push.UserKey,
            ApplicationName = push.ApplicationName,
            ApplicationKey = push.ApplicationKey,
            DeviceKey = push.DeviceKey,
            AccessAddress = push.Address,
            HostName = push.Host is null ? null : DuoText.Line(push.Host),
            ClientAddress = push.ClientAddress,
            TransactionId = id,
            Detail = string.Join("; ", new[] { detail, push.Detail }.Where(part => part is not null)),
        });
        db.Wakes.Add(id);
        db.Wakes.Add(push.DeviceKey);
        Outcome outcome = Outcome.Of(this);
        db.Counts.Add(() => meter.Decided(outcome));
        return true;
    }

    /// <summary>Decides each that waits. Its user's row is locked before, as by who opens one.</summary>
    public async Task DecideAllAsync(
        ServerDbContext db,
        AuthenticationMeter meter,
        IQueryable<PendingPush> waiting,
        DateTimeOffset now,
        string detail,
        CancellationToken cancellationToken)
    {
        foreach (PendingPush push in await waiting.AsNoTracking().ToListAsync(cancellationToken))
        {
            await TryDecideAsync(db, meter, push, now, detail, cancellationToken);
        }
    }

    private static PushEnd Refused(string status, string message, string reason, int weight) =>
        new(AuthenticationState.Denied, status, message, AuditResults.Denied, reason, weight);
}
